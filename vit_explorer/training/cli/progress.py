"""A race in a terminal: a line for each epoch that stays, and where somebody looks a progress bar for each model."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from vit_explorer.training.loop.events import Epoch, Event, Failed, Finished, Started, Step

BAR_WIDTH = 24
REDRAW_EVERY = 0.1  # seconds


class Display:
    """Prints events to standard output, and draws bars where a terminal is, standard error unless said."""

    def __init__(self, labels: list[str], terminal: TextIO | None = None) -> None:
        self._terminal = terminal or sys.stderr
        self._bars = dict.fromkeys(labels, "")
        self._indent = max(map(len, labels)) + 2 if len(labels) > 1 else 0
        self._drawn = 0  # lines of bars that stand on the screen
        self._redrawn = 0.0

    def show(self, label: str, event: Event) -> None:
        """Say what happened to a model."""
        if isinstance(event, Step):
            self._bars[label] = _bar(event)
            if time.monotonic() - self._redrawn >= REDRAW_EVERY or event.step == event.total_steps:
                self._draw()
        elif isinstance(event, Started | Epoch | Finished | Failed):
            if isinstance(event, Finished | Failed):
                self._bars[label] = ""
            self.say(_line(event), label)

    def say(self, text: str, label: str = "") -> None:
        """Print a line that stays."""
        self.wipe()
        print(f"{label:<{self._indent}}{text}" if label and self._indent else text, flush=True)
        self._draw()

    def wipe(self) -> None:
        """Take the bars off the screen."""
        if self._drawn:
            print(f"\x1b[{self._drawn}F\x1b[J", end="", file=self._terminal, flush=True)
            self._drawn = 0

    def _draw(self) -> None:
        if not self._terminal.isatty():
            return
        self.wipe()
        width = shutil.get_terminal_size().columns - 1
        lines = [
            f"{label if self._indent else '':<{self._indent}}{bar}"[:width] for label, bar in self._bars.items() if bar
        ]
        print("".join(f"{line}\n" for line in lines), end="", file=self._terminal, flush=True)
        self._drawn, self._redrawn = len(lines), time.monotonic()


def _bar(step: Step) -> str:
    done = BAR_WIDTH * step.step // step.total_steps
    return (
        f"[{'#' * done}{'.' * (BAR_WIDTH - done)}] epoch {step.epoch}  loss {step.running_loss:.3f}  "
        f"train {step.running_accuracy:.1%}  {step.images_per_second:.0f} img/s  {step.seconds_left / 60:.1f} min left"
    )


def _line(event: Started | Epoch | Finished | Failed) -> str:
    if isinstance(event, Started):
        measured = f" ({event.n_measured:,} for the curve)" if event.n_measured < event.n_test else ""
        return (
            f"{event.parameters:,} parameters; {event.n_train:,} training, {event.n_validation:,} validation and "
            f"{event.n_test:,} test pictures{measured}; step {event.step:,} of {event.total_steps:,}"
        )
    if isinstance(event, Epoch):
        parts = [f"epoch {event.epoch:>3}", f"train loss {event.train_loss:.4f}", f"train {event.train_accuracy:.2%}"]
        if event.validation_accuracy is not None:
            parts.append(f"validation {event.validation_accuracy:.2%}")
        if event.test_accuracy is not None:
            parts.append(f"test {event.test_accuracy:.2%}")
        return "  ".join([*parts, f"{event.seconds:.0f} s"])
    if isinstance(event, Finished):
        return f"test accuracy {event.test_accuracy:.2%} after {event.seconds:.0f} s of training"
    return event.reason
