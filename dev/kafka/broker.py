"""One Apache Kafka node: broker and controller in one process, on loopback, with its data in one folder."""

import atexit
import base64
import fcntl
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from dev.kafka import distribution
from dev.kafka.distribution import Distribution, KafkaUnavailable, kafka_version

START_TIMEOUT = 60.0
"""Seconds until a broker must answer. It takes 1 to 4; a loaded machine may need many times that."""
STOP_TIMEOUT = 30.0
"""Seconds for a clean stop. It takes under one; the first stop also writes the class archive, about 3."""

# Below the range from which Linux (32768 up) and macOS (49152 up) draw the ports of outgoing connections.
# Otherwise a client that keeps knocking at a killed broker's port may be given that same port as its own,
# connect to itself, and keep the broker from ever binding it again.
PORTS = range(20_000, 32_000)

# Kafka runs in the data folder and is told relative names only: a file of properties holds Latin-1, a list
# of log.dirs ends at a comma, and the path of a checkout may hold anything.
LOG_DIR = "log"
PROPERTIES_FILE = "server.properties"

# A heap for tests, a start that is quick rather than a long run that is fast, and warnings only.
JVM_FLAGS = [
    "-Xms128m",
    "-Xmx384m",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Xlog:disable",
    "-Djava.awt.headless=true",
    "-Dorg.apache.logging.log4j.level=WARN",
]

# CLIENT and CONTROLLER are names of listeners, as in listener.security.protocol.map.
PROPERTIES = """\
# Written by dev/kafka/broker.py before every start.
node.id=1
process.roles=broker,controller
listeners=CLIENT://{host}:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=CLIENT://127.0.0.1:{port}
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:{controller_port}
log.dirs={log_dir}

# A topic is made on purpose or not at all.
auto.create.topics.enable=false

# There is only one node to keep the internal topics.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4

# A group shall start at once, and a test may let a consumer's session end soon.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000

# After kill -9 the controller lets the node in again only when its old session has ended: 9 s by default.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500

# 128 MB of heap by default, touched at once.
log.cleaner.dedupe.buffer.size=4194304
"""


class BrokerStartError(RuntimeError):
    """The broker did not start; the message says why, with the end of its log."""


class KafkaBroker:
    """Kafka as a child process, from the jars that Maven collects.

    Its methods block; from asyncio, call them through `asyncio.to_thread`. One caller at a time.
    The broker does not outlive the process that started it, however that one ends.
    """

    def __init__(self, data_dir: Path, port: int | None = None) -> None:
        """Settles the folder and the ports; starts nothing.

        Without `port`, takes the one that this folder had before, if it is free, else any free one.
        """
        self.data_dir = data_dir.resolve()
        self._properties = self.data_dir / PROPERTIES_FILE
        self._output = self.data_dir / "broker.log"
        self._output_start = 0
        earlier_port, earlier_controller_port = self._earlier_ports()
        self.port = port or _choose_port(earlier_port)
        self._controller_port = _choose_port(earlier_controller_port, other_than=self.port)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._new_class_archive: Path | None = None

    @property
    def bootstrap(self) -> str:
        """What a client's `bootstrap_servers` wants; the same over all restarts of this object."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when the broker answers; does nothing if it runs.

        The first start also collects the jars if need be, and formats the folder.
        Raises KafkaUnavailable or BrokerStartError; then nothing is left running.
        """
        if self._process is not None:
            if self._process.poll() is None:
                return
            self.kill()  # it ended by itself: clear away what is left of it
        self._provide()
        for port in self.port, self._controller_port:
            if not _is_free(port):  # else the other's answer would pass for that of this broker
                raise BrokerStartError(f"Something else listens on port {port} of this machine.")
        try:
            self._launch()
            self._guard = _kill_when_this_process_ends(self._kill_command())
            atexit.register(self.stop)
            self._wait_until_it_answers()
        except BaseException:  # an interrupted start, too, must leave nothing running
            self.kill()
            raise

    def stop(self) -> None:
        """Ends the broker cleanly; kills it when that takes longer than STOP_TIMEOUT. Keeps the data."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT)
        self.kill()

    def kill(self) -> None:
        """kill -9, without warning. Keeps what Kafka had written, whether or not it was synced to disk."""
        if self._process is not None:
            if self._process.poll() is None:
                self._kill()
                self._process.wait()
            self._keep_class_archive(self._process.returncode)
            self._process = None
        if self._guard is not None:
            self._guard.kill()  # before its pipe closes, which it would take for the end of this process
            self._guard.communicate()
            self._guard = None
        atexit.unregister(self.stop)

    def restart(self) -> None:
        """A clean stop, if it runs, and a start on the same data and the same ports."""
        self.stop()
        self.start()

    def wait(self) -> int:
        """Returns the broker's exit status when it has ended by itself or was ended from elsewhere."""
        assert self._process is not None, "the broker was not started"
        return self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # What differs where Kafka runs elsewhere than in a child process of this one.

    _host = "127.0.0.1"
    _distribution: Distribution

    def _provide(self) -> None:
        self._distribution = distribution.obtain()

    def _command(self, main_class: str, *arguments: str) -> list[str]:
        return [
            self._distribution.java.program,
            *JVM_FLAGS,
            *self._class_archive_flags(main_class),
            "-cp",
            self._distribution.classpath,
            main_class,
            *arguments,
        ]

    def _kill(self) -> None:
        assert self._process is not None
        self._process.kill()

    def _kill_command(self) -> list[str]:
        assert self._process is not None
        return ["kill", "-KILL", str(self._process.pid)]

    # The class archive: written by the first broker that ends cleanly, used by every later one.

    def _class_archive_flags(self, main_class: str) -> list[str]:
        archive = self._distribution.class_archive
        if archive.exists():
            return [f"-XX:SharedArchiveFile={archive}"]
        if main_class != "kafka.Kafka":
            return []
        # Brokers may end at the same time: each writes a file of its own, and the last to rename wins.
        self._new_class_archive = archive.with_suffix(f".{uuid.uuid4().hex}.incomplete")
        return [f"-XX:ArchiveClassesAtExit={self._new_class_archive}"]

    def _keep_class_archive(self, exit_status: int) -> None:
        fresh, self._new_class_archive = self._new_class_archive, None
        if fresh is None or not fresh.exists():
            return
        if exit_status == 143:  # Java's word for an orderly end after SIGTERM: the archive is whole
            fresh.replace(self._distribution.class_archive)
        else:
            fresh.unlink()

    # Into the folder, and up.

    def _launch(self) -> None:
        with self._alone_in_the_folder() as lock, self._output.open("ab") as output:
            self._write_properties()
            if not (self.data_dir / LOG_DIR / "meta.properties").exists():
                self._format()
            self._output_start = output.tell()
            self._process = subprocess.Popen(
                self._command("kafka.Kafka", PROPERTIES_FILE),
                cwd=self.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],  # the broker inherits the folder, and gives it back by ending
                start_new_session=True,  # Ctrl-C in a terminal is for this process, which stops it in order
            )

    def _earlier_ports(self) -> tuple[int | None, int | None]:
        if not self._properties.exists():
            return None, None
        listeners = r"^listeners=CLIENT://\S+:(\d+),CONTROLLER://\S+:(\d+)$"
        ports = re.search(listeners, self._properties.read_text(), re.MULTILINE)
        return (int(ports[1]), int(ports[2])) if ports else (None, None)

    @contextmanager
    def _alone_in_the_folder(self) -> Iterator[int]:
        """Yields the descriptor whose holder owns the folder.

        Kafka has a lock of its own, but a node that is controller as well takes it too late: by then it has
        written into the metadata of the one that runs, which then loses its head.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with (self.data_dir / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BrokerStartError(f"Another broker runs in {self.data_dir}.") from None
            yield lock.fileno()

    def _write_properties(self) -> None:
        text = PROPERTIES.format(
            host=self._host,
            port=self.port,
            controller_port=self._controller_port,
            log_dir=LOG_DIR,
        )
        self._properties.write_text(text)

    def _format(self) -> None:
        # Not a fixed id: a broker that takes another one's port by mistake must be refused, not believed.
        # The leading R keeps the coded id from starting with a dash, which would look like an option.
        cluster_id = base64.urlsafe_b64encode(b"R" + os.urandom(15)).decode().rstrip("=")
        arguments = ["--cluster-id", cluster_id, "--config", PROPERTIES_FILE, "--ignore-formatted"]
        formatting = subprocess.run(
            self._command("kafka.tools.StorageTool", "format", *arguments),
            cwd=self.data_dir,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=START_TIMEOUT,
            check=False,
        )
        if formatting.returncode != 0:
            raise BrokerStartError(f"Kafka could not format {self.data_dir}:\n{formatting.stdout}")

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT
        while not _answers(self.port):
            with suppress(subprocess.TimeoutExpired):
                status = self._process.wait(0.05)
                raise self._start_error(f"Kafka ended with status {status} while starting.")
            if time.monotonic() > deadline:
                raise self._start_error(f"No answer from {self.bootstrap} within {START_TIMEOUT:.0f} s.")

    def _start_error(self, what: str) -> BrokerStartError:
        """With the last lines that the broker wrote since this start."""
        with self._output.open("rb") as output:
            output.seek(self._output_start)
            lines = output.read().decode(errors="replace").splitlines()
        return BrokerStartError("\n".join([what, f"The end of {self._output}:", *lines[-40:]]))


class DockerKafkaBroker(KafkaBroker):
    """The same Kafka where there is no Java: Docker's official image only lends its `java` and its jars.

    The folder is mounted under its own name, so that the same properties hold inside and outside.
    """

    # Docker reaches it from outside the container, and publishes it on this machine's loopback only.
    _host = "0.0.0.0"

    def _provide(self) -> None:
        self._image = f"apache/kafka:{kafka_version()}"
        self._container = f"redress-kafka-{uuid.uuid4().hex[:12]}"
        if not _docker("image", "inspect", self._image):
            print(f"kafka: fetching the Docker image {self._image} (once)", flush=True)
            if not _docker("pull", "--quiet", self._image, timeout=distribution.MAVEN_TIMEOUT):
                raise KafkaUnavailable(f"Docker could not fetch {self._image}.")

    def _command(self, main_class: str, *arguments: str) -> list[str]:
        folder = str(self.data_dir)
        command = ["docker", "run", "--rm", "--entrypoint", "java", "--user", f"{os.getuid()}:{os.getgid()}"]
        command += ["--volume", f"{folder}:{folder}", "--workdir", folder]
        if main_class == "kafka.Kafka":
            command += ["--name", self._container, "--publish", f"127.0.0.1:{self.port}:{self.port}"]
        return [*command, self._image, *JVM_FLAGS, "-cp", "/opt/kafka/libs/*", main_class, *arguments]

    def _kill(self) -> None:
        # Docker's client passes SIGTERM on to the container, but nobody can pass on SIGKILL.
        if not _docker("kill", self._container):
            super()._kill()

    def _kill_command(self) -> list[str]:
        return ["docker", "kill", self._container]


def available() -> str | None:
    """None when `open_broker` can start a Kafka here, else the reason in one sentence."""
    reason = distribution.obstacle()
    if reason is None or _docker_answers():
        return None
    return f"Kafka cannot be started: {reason}, and no Docker engine answers."


def open_broker(data_dir: Path, port: int | None = None) -> KafkaBroker:
    """A broker for this folder, not started yet: from jars (collected now if need be), else through Docker.

    Raises KafkaUnavailable when neither is possible.
    """
    try:
        distribution.obtain()
    except KafkaUnavailable as error:
        if not _docker_answers():
            raise KafkaUnavailable(available() or str(error)) from error
        return DockerKafkaBroker(data_dir, port)
    return KafkaBroker(data_dir, port)


def _docker_answers() -> bool:
    # `docker version` succeeds without an engine unless it is asked for the engine's version.
    return shutil.which("docker") is not None and _docker("version", "--format", "{{.Server.Version}}")


def _docker(*arguments: str, timeout: float = 20.0) -> bool:
    """Whether the Docker command succeeded within `timeout` seconds."""
    try:
        done = subprocess.run(
            ["docker", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _kill_when_this_process_ends(kill_command: list[str]) -> subprocess.Popen[bytes]:
    """Starts a shell that runs the command as soon as this process is gone, even by kill -9.

    The shell reads from a pipe whose other end only this process holds. Linux's PR_SET_PDEATHSIG would save
    the shell, but it strikes when the *thread* that started the child ends, and with `asyncio.to_thread`
    that thread may end long before the process does.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", 'read -r _; "$@"', "sh", *kill_command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # so that what ends this process's group does not end its guard
    )


def _choose_port(preferred: int | None, other_than: int | None = None) -> int:
    """The preferred port if it is free, else a random one of PORTS."""
    candidates = random.SystemRandom().sample(PORTS, 100)  # pytest plugins may seed the shared generator
    for port in candidates if preferred is None else [preferred, *candidates]:
        if port != other_than and _is_free(port):
            return port
    raise BrokerStartError(f"100 ports tried from {PORTS.start} to {PORTS.stop}: none is free.")


def _is_free(port: int) -> bool:
    """Whether a server can listen there, on loopback."""
    with socket.socket() as probe:
        # As Java does: connections of an earlier broker may linger in TIME_WAIT, and are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _answers(port: int) -> bool:
    """Whether a client would be told of a broker there: one that answers, and that its controller let in.

    Asks for Kafka's Metadata, version 1, about no topic. The answer starts with its length, the number that
    the question carried, and how many brokers there are.
    """
    api_metadata, version, correlation_id, no_client_id, no_topics = 3, 1, 1, -1, 0
    question = struct.pack(">hhihi", api_metadata, version, correlation_id, no_client_id, no_topics)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(question)) + question)
            answer = connection.recv(12, socket.MSG_WAITALL)
    except OSError:
        return False
    if len(answer) < 12:
        return False
    _, echoed_id, brokers = struct.unpack(">iii", answer)
    return bool(echoed_id == correlation_id and brokers > 0)
