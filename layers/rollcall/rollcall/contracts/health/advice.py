"""Advice: how fast clients should send. Every ingest answer and every health message carries it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Advice(BaseModel):
    """The pace of clients until the next advice."""

    model_config = ConfigDict(frozen=True)

    flush_interval_ms: int = Field(ge=0, description="Wait for so long between two flushes.")
    batch_size: int = Field(ge=1, description="Send so many events in a batch at most.")
    pause_until: datetime | None = Field(None, description="Send nothing before then; null: no pause is asked for.")
