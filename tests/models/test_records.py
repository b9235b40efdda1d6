import json

import pytest

from course_lib.errors import UnreadableFile
from course_lib.models import records
from course_lib.storage import digests


def test_what_was_saved_is_loaded_with_its_record(tmp_path):
    record = records.save(tmp_path, {"a": [1, 2]}, {"seed": 3})

    assert records.load(tmp_path) == ({"a": [1, 2]}, record)
    assert record["model_digest"] == digests.of_file(tmp_path / records.MODEL)


def test_a_model_that_is_not_the_recorded_one_is_not_opened(tmp_path):
    records.save(tmp_path, {"a": 1}, {})
    (tmp_path / records.MODEL).write_bytes(b"cos\nsystem\n(S'echo owned'\ntR.")

    with pytest.raises(UnreadableFile, match="digest") as error:
        records.load(tmp_path)
    assert error.value.path == str(tmp_path / records.MODEL)


@pytest.mark.parametrize("cut", [0, 1, -1])
def test_a_model_cut_short_is_not_opened(tmp_path, cut):
    records.save(tmp_path, list(range(100)), {})
    whole = (tmp_path / records.MODEL).read_bytes()
    (tmp_path / records.MODEL).write_bytes(whole[:cut])

    with pytest.raises(UnreadableFile):
        records.load(tmp_path)


def test_a_record_without_a_model_says_why_there_is_none(tmp_path):
    (tmp_path / records.RECORD).write_text(json.dumps({"model": None, "model_skipped": "too few trips"}))

    with pytest.raises(UnreadableFile, match="too few trips"):
        records.load(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe", b"[]"])
def test_a_folder_without_a_readable_record_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / records.RECORD).write_bytes(content)

    with pytest.raises(UnreadableFile, match=r"record\.json"):
        records.load(tmp_path)


def test_a_record_whose_model_is_gone_is_refused(tmp_path):
    records.save(tmp_path, 1, {})
    (tmp_path / records.MODEL).unlink()

    with pytest.raises(UnreadableFile, match="cannot be read"):
        records.load(tmp_path)
