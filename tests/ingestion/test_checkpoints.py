"""Is a checkpoint what was last saved, or a clear error?"""

from pathlib import Path

import pytest

from course_lib.errors import InputError
from course_lib.ingestion.checkpoints import Checkpoints


def test_the_last_one_is_loaded(tmp_path: Path):
    checkpoints = Checkpoints(tmp_path / "new" / "folder")
    for cursor in ("a", {"ü": [1, None, 2.5]}):
        checkpoints.save("api", cursor)

    assert checkpoints.load("api") == {"ü": [1, None, 2.5]}
    assert Checkpoints(tmp_path / "new" / "folder").load("api") == {"ü": [1, None, 2.5]}


def test_a_source_that_was_never_read_has_the_default(tmp_path: Path):
    assert Checkpoints(tmp_path).load("api") is None
    assert Checkpoints(tmp_path).load("api", "start") == "start"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"value": 8}', '{"value": 8, "digest": "x"}'])
def test_a_damaged_one_is_told_with_the_remedy(tmp_path: Path, text: str):
    (tmp_path / "api.json").write_text(text)
    with pytest.raises(InputError, match="Remove it to read the source from its start"):
        Checkpoints(tmp_path).load("api")


@pytest.mark.parametrize("name", ["", "../api", "a/b", "a.b"])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="not the name of a source"):
        Checkpoints(tmp_path).save(name, 1)


def test_nothing_else_is_left_in_the_folder(tmp_path: Path):
    Checkpoints(tmp_path).save("api", 1)

    assert [path.name for path in tmp_path.iterdir()] == ["api.json"]
