"""Places an order by Kafka and prints what happens to it, in order and without
duplicates, until its final event: kafka-python, nothing of skald.

    pip install -r requirements.txt
    python3 orders.py --brokers 127.0.0.1:9092 --sku LAMP
"""
import argparse, contextlib, json, sys, time, uuid
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

FOLLOWED = ("skald.events.v1", "skald.compensations.v1")
FINAL = ("order.confirmed", "order.rejected", "order.failed", "order.cancelled")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--brokers", default="127.0.0.1:9092", help="Kafka, separated by commas")
    parser.add_argument("--order", default="py-" + uuid.uuid4().hex, help="ID; the same order again changes nothing")
    parser.add_argument("--sku", default="LAMP", help="what to order")
    parser.add_argument("--token", default="tok_visa", help="tok_declined shows an order that is undone")
    parser.add_argument("--timeout", type=float, default=60, help="give up after this many seconds")
    return parser.parse_args()


def consumer_at_the_end(brokers):
    """Reads from where the topics end now: the events of an order that is placed
    later come after it. Without a group, so every reader sees everything."""
    consumer = KafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False)
    partitions = [TopicPartition(topic, n) for topic in FOLLOWED for n in sorted(consumer.partitions_for_topic(topic) or ())]
    consumer.assign(partitions)
    for partition, offset in consumer.end_offsets(partitions).items():
        consumer.seek(partition, offset)
    return consumer


def place(brokers, order):
    """Sends the order as plain JSON; its ID is the key, so that a later cancel
    of it comes after it."""
    producer = KafkaProducer(bootstrap_servers=brokers, acks="all")
    try:
        producer.send("skald.orders.v1", key=order["id"].encode(), value=json.dumps(order).encode()).get(timeout=30)
    finally:
        producer.close()


def events(consumer, order_id, deadline):
    """Merges both topics by sequence: an event waits until all before it are
    here, and what was seen before is dropped."""
    waiting, following = {}, 1
    while time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=500).values():
            for record in records:
                headers = {name: value.decode() for name, value in record.headers}
                sequence = int(headers.get("ce_sequence", 0))  # stock has none
                if headers.get("ce_subject") == order_id and sequence >= following:
                    waiting[sequence] = headers["ce_type"].removeprefix("io.skald.").removesuffix(".v1"), record.value
        while following in waiting:
            yield following, *waiting.pop(following)
            following += 1
    raise TimeoutError(f"order {order_id}: event {following} did not come in time")


def main(given):
    brokers = given.brokers.split(",")
    with contextlib.closing(consumer_at_the_end(brokers)) as consumer:
        place(brokers, {
            "id": given.order, "customer_id": "customer-7", "currency": "EUR",
            "items": [{"sku": given.sku, "quantity": 1, "unit_price": "12.50"}],
            "payment": {"token": given.token},
            "ship_to": {"name": "Ada Example", "line1": "1 Example Street", "city": "Exampleton", "country": "DE"},
        })
        for sequence, kind, data in events(consumer, given.order, time.monotonic() + given.timeout):
            print(f"{sequence:2}  {kind:24} {data.decode()}", flush=True)
            if kind in FINAL:
                return


if __name__ == "__main__":
    try:
        main(arguments())
    except Exception as problem:
        sys.exit(f"{type(problem).__name__}: {problem}")
