"""Server-sent events, as the HTML standard has them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class EventReader:
    """Told a stream line by line, says each event when its empty line has come; one that is cut off is none."""

    last_id: str | None = None
    _data: list[str] = field(default_factory=list)

    def line(self, line: str) -> str | None:
        """The data of the event that ends with this line, unless the same one was the last."""
        if line == "":
            data, self._data = "\n".join(self._data), []
            return data or None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            self.last_id = value
        elif name == "data":
            self._data.append(value)
        return None
