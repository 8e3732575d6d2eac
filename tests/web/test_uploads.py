"""Uploads that end before their end."""

from __future__ import annotations

import contextlib
import gc
import io
import warnings

from werkzeug.exceptions import BadRequest

LARGE = b"x" * 700_000  # larger than what is kept in memory
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="letter.pdf"\r\nContent-Type: application/pdf\r\n\r\n'


class Cut(io.BytesIO):
    """A line that dies after what it holds."""

    def read(self, size: int | None = -1) -> bytes:
        got = super().read(size)
        if not got:
            raise BadRequest("the line was cut")
        return got


def test_half_a_file_is_closed_with_its_request(app):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        context = app.test_request_context(
            "/en/sign-in", method="POST", input_stream=Cut(HEAD + LARGE), content_type="multipart/form-data; boundary=b",
            content_length=len(HEAD + LARGE) + 400_000,
        )  # fmt: skip
        with context as held:
            begun = held.request.__dict__.setdefault("begun", [])
            with contextlib.suppress(BadRequest):
                held.request.files.get("file")
            assert [stream.closed for stream in begun] == [False]
        assert [stream.closed for stream in begun] == [True]
        gc.collect()
    assert [w for w in said if issubclass(w.category, ResourceWarning)] == []
