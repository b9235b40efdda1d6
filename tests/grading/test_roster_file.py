"""A table of any origin becomes learners, or a sentence that names the line."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.errors import InputError
from course_lib.grading.roster_file import Learner, folded, read_roster, wrong_id

HERE = Path("people.csv")
NAMES = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")), max_size=12).map(
    lambda text: " ".join(text.split())
)


def learners(text: str | bytes) -> tuple[Learner, ...]:
    return read_roster(HERE, text.encode() if isinstance(text, str) else text).learners


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("id,first_name,last_name,email\nana,Ana,García,a@b.c\n", id="nbgrader"),
        pytest.param('﻿"First name";"Last name";"ID number";"Email address"\r\nAna;García;ana;a@b.c\r\n', id="Moodle"),
        pytest.param("sep=;\r\nVorname;Nachname;Benutzername;E-Mail-Adresse\r\nAna;García;ana;a@b.c\r\n", id="Excel"),
        pytest.param("Username\tName\tE-mail\nana\tGarcía, Ana\ta@b.c\n", id="tabs, and one column of names"),
        pytest.param("\n\n name , USER NAME , e_mail \nAna García,ana,a@b.c\n,,\n", id="spaces, empty lines"),
        pytest.param("Full name,Matrikelnummer,Mail,Grade\nAna García,ana,a@b.c,\n", id="columns that nobody needs"),
    ],
)
def test_whoever_exports_it_the_learner_is_the_same(text: str):
    assert learners(text) == (Learner("ana", "Ana", "García", "a@b.c"),)


def test_utf16_as_excel_writes_it():
    assert learners("id\tname\n张三\t张 三\n".encode("utf-16")) == (Learner("张三", "张", "三"),)


def test_canvas():
    text = 'Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"García, Ana",4711,s1,ana,A\n'

    assert learners(text) == (Learner("ana", "Ana", "García", platform="4711"),)


def test_moodles_grading_sheet_gives_the_number_of_the_participant():
    text = "Identifier,Full name,ID number,Email address\nParticipant 123456,Ana García,ana,a@b.c\n"

    assert learners(text)[0].platform == "123456"


def test_a_column_of_ids_that_is_not_full_gives_way_to_one_that_is():
    assert [one.id for one in learners("ID number,username\n,ana\n7,bob\n")] == ["ana", "bob"]


def test_without_ids_the_address_is_one():
    told = read_roster(HERE, b"name,email\nAna,a@b.c\n")

    assert told.learners[0].id == "a@b.c"
    assert "'email' is one" in told.told[0]


@given(st.lists(st.tuples(NAMES, NAMES), max_size=8))
def test_names_with_commas_quotes_and_any_script_survive(people: list[tuple[str, str]]):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "first name", "last name"])
    writer.writerows([f"l{n}", *names] for n, names in enumerate(people))
    writer.writerow(["last", "", ""])

    found = learners(out.getvalue())

    assert [one.id for one in found] == [*(f"l{n}" for n in range(len(people))), "last"]
    assert [(folded(one.first), folded(one.last)) for one in found[:-1]] == [(folded(a), folded(b)) for a, b in people]


def test_the_same_line_twice_counts_once():
    told = read_roster(HERE, b"id,name\nana,Ana G\nana,Ana G\n")

    assert len(told.learners) == 1
    assert told.told == ("1 line came twice.",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"id,name\nana,Ana\nAna,Anna\n", "lines 2 and 3 are one id in two ways"),
        (b"id,name\n,Ana\n", "line 2 has no id"),
        (b"id\n../etc\n", "holds '/'"),
        (b"id\n.hidden\n", "begins or ends with '.'"),
        (b"id\nana*\n", "holds '*'"),
        ("id\nan\u202ea\n".encode(), "cannot be seen"),
        (b"id\n" + b"a" * 200 + b"\n", "longer than"),
        (b"name,grade\nAna,3\n", "none of its columns is an id: 'name', 'grade'"),
        (b'id\n"ana\n', "line 2 is broken"),
        (b"id\nGarc\xeda\n", "is not UTF-8"),
        (b"", "is empty"),
        (b"id,name\n", "no learner"),
        (b"PK\x03\x04\0\0\0", "zero bytes"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(text: bytes, told: str):
    with pytest.raises(InputError, match=r"people\.csv") as error:
        read_roster(HERE, text)

    assert told in str(error.value)


def test_an_older_encoding_can_be_named():
    assert read_roster(HERE, "id,name\nana,Ana García\n".encode("cp1252"), "cp1252").learners[0].last == "García"


@given(st.text(max_size=20))
def test_an_id_that_is_accepted_names_a_folder_and_nothing_else(text: str):
    if text.strip() and not wrong_id(text.strip()):
        assert Path("class", text.strip()).parent == Path("class")
        assert "\0" not in text.strip()
