"""`python -m dev.kafka`: a Kafka for this checkout, until Ctrl-C. Its data stays in .redress/kafka."""

import signal
import sys
from contextlib import suppress
from pathlib import Path

from dev.kafka.broker import BrokerStartError, open_broker
from dev.kafka.distribution import KafkaUnavailable, kafka_version

PROJECT = Path(__file__).parents[2]
DATA_DIR = Path(".redress", "kafka")


def main() -> int:
    """Returns 0 after Ctrl-C or SIGTERM, 1 when Kafka does not start or ends by itself."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that both end in the same way
    with suppress(KeyboardInterrupt):
        try:
            with open_broker(PROJECT / DATA_DIR) as broker:
                print(f"Apache Kafka {kafka_version()} runs until Ctrl-C. Its data stays in {DATA_DIR}.")
                print(f"KAFKA_BOOTSTRAP={broker.bootstrap}")
                print(f"export REDRESS_EVENT_LOG_URL=kafka://{broker.bootstrap}", flush=True)
                status = broker.wait()
        except (KafkaUnavailable, BrokerStartError) as error:
            print(f"kafka: {error}", file=sys.stderr)
            return 1
        print(f"kafka: ended by itself with status {status}; see {DATA_DIR / 'broker.log'}", file=sys.stderr)
        return 1
    print("kafka: stopped", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
