"""Where the program comes from: a Java on this machine, and Kafka's jars from Maven Central."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

MINIMUM_JAVA = 17
MAVEN_TIMEOUT = 900.0
"""Seconds for about 45 MB of Kafka, and 20 of Maven's own plugins if its repository is empty."""

POM = Path(__file__).with_name("pom.xml")
TARGET = POM.parent / "target"
JARS = TARGET / "jars"
STAMP = JARS / "pom.sha256"


class KafkaUnavailable(RuntimeError):
    """No Kafka can be started on this machine; the message says in one sentence why."""


class Java(NamedTuple):
    program: str
    version: str
    """As Java prints it, for example 17.0.15."""

    @property
    def feature_release(self) -> int:
        """17 for 17.0.15, and 8 for 1.8.0_402, as versions were written before Java 9."""
        numbers = re.findall(r"\d+", self.version)
        return int(numbers[1] if numbers[0] == "1" and len(numbers) > 1 else numbers[0])


class Distribution(NamedTuple):
    """All that is needed to start Kafka without Maven."""

    java: Java
    jars: list[Path]

    @property
    def classpath(self) -> str:
        return os.pathsep.join(str(jar) for jar in self.jars)

    @property
    def class_archive(self) -> Path:
        """Classes in the form in which Java maps them into memory; saves a second per start.

        It lies among the jars because it must go with them, and it fits one build of Java only.
        """
        return JARS / f"classes-{self.java.version}.jsa"


def kafka_version() -> str:
    """The version that the pom pins."""
    version = ElementTree.parse(POM).getroot().findtext("{*}properties/{*}kafka.version")
    assert version is not None, "pom.xml lost its kafka.version"
    return version


def obstacle() -> str | None:
    """Why Java and Maven cannot provide a Kafka here, as a clause; None if nothing is in the way.

    That Maven can reach a repository is not tried: the answer shall be quick.
    """
    java = _find_java()
    if java is None:
        return "there is no java, neither in JAVA_HOME nor on the PATH"
    if java.feature_release < MINIMUM_JAVA:
        return f"Kafka needs Java {MINIMUM_JAVA} and this is Java {java.version}"
    if not _collected() and shutil.which("mvn") is None:
        return "Kafka's jars are not there yet and there is no mvn to collect them"
    return None


def obtain() -> Distribution:
    """Java and the jars, collected by Maven unless those of this very pom are there already.

    Raises KafkaUnavailable. May take minutes the first time, and says so.
    """
    reason = obstacle()
    java = _find_java()
    if reason is not None or java is None:
        raise KafkaUnavailable(f"Kafka cannot be started: {reason}.")
    if not _collected():
        with _alone():
            if not _collected():  # or another process did it while this one waited
                _collect()
    return Distribution(java, sorted(JARS.glob("*.jar")))


@cache
def _find_java() -> Java | None:
    """JAVA_HOME's first, as Maven does, then the PATH's."""
    home = os.environ.get("JAVA_HOME")
    program = (shutil.which("java", path=Path(home) / "bin") if home else None) or shutil.which("java")
    if program is None:
        return None
    # macOS has a /usr/bin/java that only tells where to get one, and fails.
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d[^"]*)"', answer.stderr)
    return Java(program, version[1]) if answer.returncode == 0 and version else None


def _wanted_stamp() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def _collected() -> bool:
    return STAMP.is_file() and STAMP.read_text() == _wanted_stamp()


@contextmanager
def _alone() -> Iterator[None]:
    """Two Mavens that fill one empty repository at the same time damage it."""
    TARGET.mkdir(exist_ok=True)
    with (TARGET / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _collect() -> None:
    what = f"Apache Kafka {kafka_version()} through Maven into dev/kafka/target (about 45 MB, once)"
    print(f"kafka: collecting {what}", file=sys.stderr, flush=True)
    fresh = TARGET / "jars.incomplete"
    shutil.rmtree(fresh, ignore_errors=True)
    command = ["mvn", "-q", "-B", "-f", str(POM)]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={fresh}"]
    try:
        maven = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MAVEN_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise KafkaUnavailable(f"Maven did not collect Kafka's jars in {MAVEN_TIMEOUT:.0f} s.") from None
    if maven.returncode != 0:
        first_error = re.search(r"\[ERROR\] (.+)", maven.stdout)
        reason = first_error[1] if first_error else maven.stdout.strip()
        raise KafkaUnavailable(f"Maven could not collect Kafka's jars: {reason}")
    (fresh / STAMP.name).write_text(_wanted_stamp())
    shutil.rmtree(JARS, ignore_errors=True)  # a broker that runs from it has its files open, and keeps them
    fresh.rename(JARS)
