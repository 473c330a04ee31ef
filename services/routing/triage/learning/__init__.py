"""What triage learns from corrections: a linear classifier over hashed n-grams. Pure: no I/O, no clock.

    told = features(text)                                  # kept beside the complaint: told.to_bytes()
    found = classifier.predict("category", told, promise)  # found.label is None: a person decides
    lesson = classifier.lesson("category", told, "late_delivery", CORRECTED, rehearsal)
    classifier.apply(lesson)                               # in every process, from lesson.to_bytes()
    classifier.withdraw(lesson)                            # when another correction takes its place
    promise_of(reviewed, promised_error=0.05)              # thresholds, from cases that people looked at

Whoever keeps the lessons computes each once, one after the other, and applies each once in every process.
"""

from services.routing.triage.learning.classifier import NOT_YET, Classifier, Prediction
from services.routing.triage.learning.features import Features, features
from services.routing.triage.learning.lesson import Lesson
from services.routing.triage.learning.promise import Promise, Reviewed, promise_of
from services.routing.triage.learning.teaching import CORRECTED, REHEARSAL, Example, share

__all__ = [
    "CORRECTED",
    "NOT_YET",
    "REHEARSAL",
    "Classifier",
    "Example",
    "Features",
    "Lesson",
    "Prediction",
    "Promise",
    "Reviewed",
    "features",
    "promise_of",
    "share",
]
