// Reads a subscriber's queue with amqplib: node read_queue.mjs COUNT. Prints one line a document and acks it.
// Needs `npm install amqplib`, and in the environment what was handed over: SUNLIGHT_BROKER_URL and SUNLIGHT_QUEUE.
import amqp from 'amqplib';

const wanted = Number(process.argv[2] ?? Infinity);
const connection = await amqp.connect(process.env.SUNLIGHT_BROKER_URL);
const channel = await connection.createChannel();
await channel.prefetch(100);

let seen = 0;
await new Promise((resolve) => {
  channel.consume(process.env.SUNLIGHT_QUEUE, async (message) => {
    const document = JSON.parse(message.content.toString('utf8'));
    console.log(document.sequence, document.type, document.subject);
    channel.ack(message); // only now does the broker forget it
    seen += 1;
    if (seen === wanted) resolve();
  });
});
await channel.close();
await connection.close();
