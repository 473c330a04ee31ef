"""A real Apache Kafka on this machine, for the tests and for `make kafka`.

with open_broker(Path(".redress/kafka")) as broker:
    AIOKafkaProducer(bootstrap_servers=broker.bootstrap)
"""

from dev.kafka.broker import BrokerStartError, DockerKafkaBroker, KafkaBroker, available, open_broker
from dev.kafka.distribution import KafkaUnavailable

__all__ = [
    "BrokerStartError",
    "DockerKafkaBroker",
    "KafkaBroker",
    "KafkaUnavailable",
    "available",
    "open_broker",
]
