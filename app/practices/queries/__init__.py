"""Every read of tools, practices and resources. Lists begin at what the viewer may see."""

from app.practices.queries.catalogue import Count, Facets, Filters, catalogue_page, facets
from app.practices.queries.documents import document_in_view, documents_of, latest, versions_of
from app.practices.queries.records import (
    MODELS,
    OFFERED,
    all_written,
    by_code,
    describe,
    desk_page,
    discussable,
    milestone_template,
    offered_tools,
    record_by_id,
    sdg_targets,
    visible_to,
)

__all__ = [
    "MODELS", "OFFERED", "Count", "Facets", "Filters", "all_written", "by_code", "catalogue_page", "describe",
    "desk_page", "discussable", "document_in_view", "documents_of", "facets", "latest",
    "milestone_template", "offered_tools", "record_by_id", "sdg_targets", "versions_of", "visible_to",
]  # fmt: skip
