"""What a run is made with, from the command line or from the checkpoint of the run that goes on."""

from argparse import Namespace
from dataclasses import asdict, dataclass
from typing import Any

from .arguments import UserError

# The best of three each in a five-fold cross-validation on the training digits, with the settings below and
# seed 0; for rmsprop and adam the three differ by less than the folds do.
LEARNING_RATES = {"sgd": 0.2, "momentum": 0.05, "rmsprop": 0.0005, "adam": 0.001}
FIXED = ("hidden", "optimizer", "seed")  # what cannot change when a run goes on


@dataclass(frozen=True)
class Settings:
    """One run's settings, all that its result depends on besides the machine."""

    data: str | None = None
    hidden: tuple[int, ...] = (256, 128)
    optimizer: str = "adam"
    lr: float = LEARNING_RATES["adam"]
    batch_size: int = 32
    epochs: int = 40
    seed: int = 0

    @classmethod
    def new(cls, args: Namespace) -> "Settings":
        """Those of the command line, completed by defaults."""
        given = _given(args)
        given.setdefault("lr", LEARNING_RATES[given.get("optimizer", cls.optimizer)])
        return cls(**given)

    @classmethod
    def resumed(cls, args: Namespace, stored: dict[str, Any]) -> "Settings":
        """Those of a checkpoint, changed by the command line where that can be."""
        before = cls(**{**stored, "hidden": tuple(stored["hidden"])})
        given = _given(args)
        for name in FIXED:
            if name in given and given[name] != getattr(before, name):
                raise UserError(
                    f"--{name} {_shown(given[name])} does not fit the run in {args.out}, which has "
                    f"--{name} {_shown(getattr(before, name))}; leave it out, or start anew without --resume"
                )
        return cls(**(asdict(before) | given))


def _given(args: Namespace) -> dict[str, Any]:
    named = {name: getattr(args, name) for name in Settings.__dataclass_fields__}
    if named["data"] is not None:
        named["data"] = str(named["data"].resolve())  # a run may go on from another folder
    return {name: value for name, value in named.items() if value is not None}


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
