"""Why a file cannot be read, and what the log says of lists that were taken away."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit.words import register

WHY_NOT: dict[str, Any] = {
    "too_large": _l("This file is larger than 10 MB. Divide it, and upload the parts one after the other."),
    "too_long": _l("This file has more rows than can be read at once. Divide it, and upload the parts one after the other."),
    "old_office": _l("This is a workbook of an old or a locked kind. Save it as XLSX without a password, and upload it again."),
    "not_a_table": _l("This is not a table. Upload a CSV file or an Excel workbook (XLSX)."),
    "empty": _l("This file holds no rows. Fill in the template, and upload it again."),
    "encoding": _l("These letters cannot be read. Save the file as “CSV UTF-8” or as XLSX, and upload it again."),
    "quotes": _l("Quotation marks are not closed in this row. Correct it, or upload the table as XLSX."),
    "damaged": _l("This workbook is damaged. Open it, save it anew as XLSX, and upload it again."),
    "encrypted": _l("This is a workbook of an old or a locked kind. Save it as XLSX without a password, and upload it again."),
    "bomb": _l("This workbook unpacks to far more than a list. Copy its rows into the template, and upload that."),
}

register(
    {"list.exported": _l("List downloaded")},
    {"rows": _l("Rows"), "form": _l("Form of the file"), "list": _l("List"), "filters": _l("Filters")},
    {"export": _l("Downloaded list")},
)
