"""Reads a subscriber's queue with pika: python read_queue.py COUNT. Prints one line a document and acks it.

Needs `pip install pika`, and in the environment what was handed over: SUNLIGHT_BROKER_URL and SUNLIGHT_QUEUE.
"""

import json
import os
import sys

import pika

wanted = int(sys.argv[1]) if len(sys.argv) > 1 else None
connection = pika.BlockingConnection(pika.URLParameters(os.environ["SUNLIGHT_BROKER_URL"]))
channel = connection.channel()
channel.basic_qos(prefetch_count=100)
for seen, (method, _, body) in enumerate(channel.consume(os.environ["SUNLIGHT_QUEUE"]), start=1):
    document = json.loads(body)
    print(document["sequence"], document["type"], document["subject"], flush=True)
    channel.basic_ack(method.delivery_tag)  # only now does the broker forget it
    if seen == wanted:
        break
connection.close()
