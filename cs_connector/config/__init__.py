"""What a project's files say, read with positions so that a mistake is named by file and line."""

from __future__ import annotations

from .documents import Document, load, validate
from .project import Project, open_project
from .settings import ConnectionSettings, ProjectSettings, ScheduleLine

__all__ = [
    "ConnectionSettings",
    "Document",
    "Project",
    "ProjectSettings",
    "ScheduleLine",
    "load",
    "open_project",
    "validate",
]
