"""Tools offered for piloting."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Id, Texts, Timestamps


class Tool(Id, Timestamps, Base):
    """A tool that a government can ask to pilot."""

    __tablename__ = "tools"

    code: Mapped[str] = mapped_column(unique=True)
    titles: Mapped[Texts]
    summaries: Mapped[Texts] = mapped_column(default=dict)
    offered: Mapped[bool] = mapped_column(default=True)
    illustrative: Mapped[bool] = mapped_column(default=False)
