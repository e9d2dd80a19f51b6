"""What a probe found: whether an answer came, from whom to whom, on which port, over which family."""

from dataclasses import dataclass

from ..json_files import Json


@dataclass(frozen=True)
class Verdict:
    source: str
    destination: str
    protocol: str
    port: int
    family: int
    allowed: bool
    source_seen: str | None  # the address that the receiver saw, where it said one

    @property
    def asked(self) -> tuple[str, str, str, int, int]:
        """What was probed, without what was found; verdicts are sorted by it."""
        return self.source, self.destination, self.protocol, self.port, self.family

    def record(self) -> Json:
        """As `probe --json` prints it."""
        return {
            "from": self.source,
            "to": self.destination,
            "protocol": self.protocol,
            "port": self.port,
            "family": self.family,
            "allowed": self.allowed,
            "source_seen": self.source_seen,
        }

    @staticmethod
    def from_record(record: object) -> "Verdict":
        """What `record` gave; a ValueError for anything else."""
        names: dict[str, type | tuple[type, ...]] = {
            "from": str,
            "to": str,
            "protocol": str,
            "port": int,
            "family": int,
            "allowed": bool,
            "source_seen": (str, type(None)),
        }
        if not isinstance(record, dict):
            raise ValueError("it is no array of verdicts")
        for name, kind in names.items():
            if not isinstance(record.get(name), kind):
                raise ValueError(f"one of its verdicts has no '{name}'")
        return Verdict(
            record["from"],
            record["to"],
            record["protocol"],
            record["port"],
            record["family"],
            record["allowed"],
            record.get("source_seen"),
        )
