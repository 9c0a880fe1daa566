"""Rows of leads in bounded memory: those touched last as values, the others packed. It knows no policy."""

from collections.abc import Iterator, MutableMapping
from typing import Final

from schemas.codec import decode_lead, encode_lead
from schemas.lead import Lead

_HOT: Final = 40_000  # about 4 KB each as a value, a third of that packed


class PackedRows(MutableMapping[str, Lead]):
    """Every lead's row by its id. Packing all at once, when too many are unpacked, costs less than minding an order."""

    def __init__(self, hot: int = _HOT) -> None:
        self._most = hot
        self._hot: dict[str, Lead] = {}
        self._cold: dict[str, bytes] = {}

    def __getitem__(self, lead_id: str) -> Lead:
        row = self._hot.get(lead_id)
        return decode_lead(self._cold[lead_id]) if row is None else row

    def __setitem__(self, lead_id: str, row: Lead) -> None:
        self._hot[lead_id] = row
        if len(self._hot) > self._most:
            self._cold.update((name, encode_lead(lead)) for name, lead in self._hot.items())
            self._hot.clear()

    def __delitem__(self, lead_id: str) -> None:
        known = self._hot.pop(lead_id, None), self._cold.pop(lead_id, None)
        if known == (None, None):
            raise KeyError(lead_id)

    def __iter__(self) -> Iterator[str]:
        yield from self._hot
        yield from (name for name in self._cold if name not in self._hot)

    def __len__(self) -> int:
        return sum(1 for _ in self)
