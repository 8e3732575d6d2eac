"""Grounds of admission and stay, the objectives of the Global Compact for Migration they relate to, and M49 regions."""

from __future__ import annotations

from sqlalchemy import SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Json, Texts


class Ground(Base):
    """A ground of admission and stay; twelve of them."""

    __tablename__ = "grounds"

    code: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    labels: Mapped[Texts]
    scope: Mapped[Texts] = mapped_column(default=dict)
    objectives: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), default=list)  # numbers of GCM objectives


class Objective(Base):
    """One of the 23 objectives of the Global Compact for Migration."""

    __tablename__ = "objectives"

    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    title: Mapped[str]  # official English title
    labels: Mapped[Texts]


class Region(Base):
    """An M49 region, for "Africa" in six languages."""

    __tablename__ = "regions"

    m49: Mapped[str] = mapped_column(primary_key=True)
    parent_m49: Mapped[str | None]
    names: Mapped[Texts]


class ReferenceValue(Base):
    """What the reference data said last of one thing, so that a later load changes only what nobody else has changed."""

    __tablename__ = "reference_values"

    kind: Mapped[str] = mapped_column(primary_key=True)  # "state", or "fingerprint" for a whole load
    code: Mapped[str] = mapped_column(primary_key=True)
    said: Mapped[Json]
