"""What every answer of the service is read into."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """An answer, or a part of one. What a newer service adds is kept beside what is known here."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True, protected_namespaces=())
