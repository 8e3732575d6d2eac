"""What an uploaded file is, by its content: PDF, DOCX or a picture, whole and nothing else beside it."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import puremagic

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

EXTENSIONS: dict[str, str] = {
    ".pdf": PDF,
    ".docx": DOCX,
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}
"""The only endings that are taken, and what the content must then be."""

_MOST_PARTS = 2_000
_MOST_UNPACKED = 200 * 1024 * 1024
_MOST_RATIO = 200
_MOST_PIXELS = 200_000_000
_EDGE = 64 * 1024
_MARKUP = (b"<script", b"<html", b"<svg", b"<!doctype", b"<iframe")


class NotAllowed(ValueError):
    """The bytes are not what their name says, or not of a kind that is taken."""


def examine(data: bytes, extension: str) -> str:
    """The media type of these bytes; ``NotAllowed`` unless ending, signature and structure agree."""
    media_type = EXTENSIONS.get(extension.lower())
    if media_type is None:
        raise NotAllowed("ending")
    _CHECKS[media_type](data)
    if media_type != DOCX:
        _refuse_second_nature(data)
    _refuse_other_signature(data, media_type)
    return media_type


def _refuse_other_signature(data: bytes, media_type: str) -> None:
    """A signature library has to agree; a ZIP may go by many names, so DOCX rests on its own check."""
    if media_type == DOCX:
        return
    try:
        found = {match.mime_type for match in puremagic.magic_string(data[:4096] + data[-4096:])}
    except (puremagic.PureError, ValueError):
        raise NotAllowed("signature") from None
    if media_type not in found:
        raise NotAllowed("signature")


def _refuse_second_nature(data: bytes) -> None:
    """A file that is a page or an archive as well is a polyglot, whatever it is first."""
    edges = (data[:_EDGE] + b"\n" + data[-_EDGE:]).lower()
    if any(word in edges for word in _MARKUP) or zipfile.is_zipfile(io.BytesIO(data)):
        raise NotAllowed("polyglot")


def _pdf(data: bytes) -> None:
    """Header at the very start, cross references, and nothing but white space after the last end mark."""
    if not data.startswith((b"%PDF-1.", b"%PDF-2.")):
        raise NotAllowed("header")
    end = data.rfind(b"%%EOF")
    if end < 0 or data[end + 5 :].strip(b"\r\n\t \0") or b"startxref" not in data[max(0, end - 2048) : end]:
        raise NotAllowed("trailer")


def _docx(data: bytes) -> None:
    """A ZIP from first to last byte, of bounded size, that holds a Word document and no macros."""
    if not data.startswith(b"PK\x03\x04"):
        raise NotAllowed("header")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _bounded(archive, len(data))
            _word_document(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, struct.error, UnicodeDecodeError):
        raise NotAllowed("archive") from None


def _bounded(archive: zipfile.ZipFile, size: int) -> None:
    parts = archive.infolist()
    if len(parts) > _MOST_PARTS or len({p.filename for p in parts}) != len(parts):
        raise NotAllowed("parts")
    if any(p.filename.startswith(("/", "\\")) or ".." in p.filename.replace("\\", "/").split("/") for p in parts):
        raise NotAllowed("names")
    packed = sum(p.compress_size for p in parts)
    unpacked = sum(p.file_size for p in parts)
    if packed > size or unpacked > _MOST_UNPACKED or unpacked > _MOST_RATIO * max(packed, 1024) or archive.comment:
        raise NotAllowed("bomb")
    if any(p.flag_bits & 1 for p in parts):
        raise NotAllowed("encrypted")


def _word_document(archive: zipfile.ZipFile) -> None:
    names = {p.filename for p in archive.infolist()}
    if not {"[Content_Types].xml", "word/document.xml"} <= names or any("vbaproject" in n.lower() for n in names):
        raise NotAllowed("document")
    types = _part(archive, "[Content_Types].xml")
    body = _part(archive, "word/document.xml")
    if b"macroenabled" in types.lower() or b"vbaproject" in types.lower() or b"wordprocessingml.document.main+xml" not in types:
        raise NotAllowed("document")
    if b"<!DOCTYPE" in body[:4096] or b"<!ENTITY" in body or b"document" not in body[:4096]:
        raise NotAllowed("document")


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    """One part, read no further than it says it goes: a directory that lies is refused, not believed."""
    declared = archive.getinfo(name).file_size
    if declared > _MOST_UNPACKED // 4:
        raise NotAllowed("bomb")
    with archive.open(name) as part:
        content = part.read(declared + 1)
    if len(content) != declared:
        raise NotAllowed("bomb")
    return content


def _png(data: bytes) -> None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") or len(data) < 45:
        raise NotAllowed("header")
    _pixels(*struct.unpack(">II", data[16:24]))
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] == b"IEND":
            if at + 12 == len(data):
                return
            break
        at += 12 + length
    raise NotAllowed("end")


_SIZES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})


def _jpeg(data: bytes) -> None:
    if not data.startswith(b"\xff\xd8\xff") or not data.rstrip(b"\0\r\n").endswith(b"\xff\xd9"):
        raise NotAllowed("header")
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if mark in _SIZES:
            _pixels(*struct.unpack(">HH", data[at + 5 : at + 9]))
            return
        if mark == 0xDA:
            break
        at += 1 if mark == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    raise NotAllowed("size")


def _webp(data: bytes) -> None:
    whole = len(data) >= 30 and data[:4] == b"RIFF" and data[8:12] == b"WEBP" and data[12:15] == b"VP8"
    if not whole or int.from_bytes(data[4:8], "little") + 8 not in (len(data), len(data) + 1, len(data) - 1):
        raise NotAllowed("header")


def _tiff(data: bytes) -> None:
    if data[:4] not in (b"II*\0", b"MM\0*") or len(data) < 26:
        raise NotAllowed("header")
    order = "<" if data[:2] == b"II" else ">"
    (first,) = struct.unpack(order + "I", data[4:8])
    if not 8 <= first <= len(data) - 14:
        raise NotAllowed("directory")
    (entries,) = struct.unpack(order + "H", data[first : first + 2])
    if not 1 <= entries <= 4096 or first + 2 + 12 * entries > len(data):
        raise NotAllowed("directory")


def _pixels(wide: int, high: int) -> None:
    if not wide or not high or wide * high > _MOST_PIXELS:
        raise NotAllowed("pixels")


_CHECKS: dict[str, Callable[[bytes], None]] = {
    PDF: _pdf,
    DOCX: _docx,
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "image/tiff": _tiff,
}
