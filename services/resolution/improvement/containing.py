"""How what is faulty is kept from spreading: the four stock places. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from services.resolution.improvement.acting import Acting
from services.resolution.improvement.parts import ActionKind, Answer, Checked, Place, Task
from services.resolution.improvement.steps import Step


@dataclass(kw_only=True)
class Containing(Acting):
    """Each place is affected or not; where it is, somebody does something about it."""

    checked: list[Checked] = field(default_factory=list)
    """Of all rounds."""

    @property
    def containment(self) -> list[Checked]:
        """The answers of this round, in the order of the places."""
        here = {each.place: each for each in self.checked if each.round == self.round}
        return [here[place] for place in Place if place in here]

    @property
    def all_places_answered(self) -> bool:
        return len(self.containment) == len(Place)

    @property
    def is_contained(self) -> bool:
        against = [self.actions[each.action] for each in self.containment if each.action is not None]
        return all(action.done_at is not None for action in against)

    def contain(self, answers: list[Answer], by: str, at: datetime) -> None:
        """Answer for the four places. Answered anew, what was to be done at a place before is dropped.

        Raises NotPossible in another step.
        """
        self._must_be_in(Step.CONTAINMENT)
        before = {each.place: each for each in self.containment}
        self.checked = [each for each in self.checked if each.round != self.round]
        for answer in answers:
            number = self._kept(before.get(answer.place), answer)
            if number is None and answer.task is not None:
                number = self._add(ActionKind.CONTAINMENT, answer.task, by, at)
            self.checked.append(
                Checked(
                    self.round,
                    answer.place,
                    answer.affected,
                    by,
                    at,
                    answer.quantity,
                    answer.unit,
                    answer.note,
                    number,
                )
            )
        kept = {each.action for each in self.containment}
        for each in before.values():
            if each.action is not None and each.action not in kept and self.actions[each.action].open:
                self._settle(each.action, False, by, "replaced", at)

    def _kept(self, before: Checked | None, answer: Answer) -> int | None:
        """The action against it that stands already, if the same is to be done."""
        if before is None or before.action is None or answer.task is None:
            return None
        action = self.actions[before.action]
        task = Task(action.what, action.responsible, action.due_at)
        return action.number if task == answer.task else None
