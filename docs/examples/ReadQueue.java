import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.GetResponse;
import java.nio.charset.StandardCharsets;

/**
 * Reads a subscriber's queue with RabbitMQ's Java client: java -cp amqp-client.jar:slf4j-api.jar ReadQueue.java COUNT.
 * Prints each document and acks it. The environment holds what was handed over: SUNLIGHT_BROKER_URL and SUNLIGHT_QUEUE.
 */
public class ReadQueue {
    private static final int PAUSE_MS = 200;

    public static void main(String[] arguments) throws Exception {
        long wanted = arguments.length > 0 ? Long.parseLong(arguments[0]) : Long.MAX_VALUE;
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(System.getenv("SUNLIGHT_BROKER_URL"));
        try (Connection connection = factory.newConnection(); Channel channel = connection.createChannel()) {
            for (long seen = 0; seen < wanted; ) {
                GetResponse response = channel.basicGet(System.getenv("SUNLIGHT_QUEUE"), false);
                if (response == null) {
                    Thread.sleep(PAUSE_MS);
                    continue;
                }
                System.out.println(new String(response.getBody(), StandardCharsets.UTF_8));
                channel.basicAck(response.getEnvelope().getDeliveryTag(), false); // only now does the broker forget it
                seen++;
            }
        }
    }
}
