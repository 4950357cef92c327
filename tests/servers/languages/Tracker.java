// An epoll tracker in Java: the selector waits in epoll_wait. Java does not tell descriptors, so
// their numbers are read from the channel by reflection.

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

class Tracker {
    private static SocketChannel[] slots;
    private static int active;

    public static void main(String[] arguments) throws Exception {
        int port = setting("PORT", 7000, 65535);
        slots = new SocketChannel[setting("MAX_CLIENTS", 4096, 1 << 20)];
        Selector selector = Selector.open();
        ServerSocketChannel listener = ServerSocketChannel.open();
        try {
            listener.bind(new InetSocketAddress(port), 128);
        } catch (IOException error) {
            refuse("PORT=" + port + ": " + error.getMessage());
        }
        listener.configureBlocking(false);
        SelectionKey door = listener.register(selector, SelectionKey.OP_ACCEPT);
        System.out.println("[START] active=0/" + slots.length);
        ByteBuffer buffer = ByteBuffer.allocateDirect(65536);
        long pausedUntil = 0;
        while (true) {
            if (pausedUntil == 0) {
                selector.select();
            } else {
                // No descriptor was free: leave the listener alone for a moment.
                selector.select(20);
                if (System.nanoTime() >= pausedUntil) {
                    pausedUntil = 0;
                    door.interestOps(SelectionKey.OP_ACCEPT);
                }
            }
            for (SelectionKey key : selector.selectedKeys()) {
                if (key == door) {
                    try {
                        admit(listener.accept(), selector);
                    } catch (IOException error) {
                        door.interestOps(0);
                        pausedUntil = System.nanoTime() + 20_000_000;
                    }
                } else {
                    serve(key, buffer);
                }
            }
            selector.selectedKeys().clear();
        }
    }

    private static void admit(SocketChannel client, Selector selector) throws IOException {
        if (client == null) {
            return;
        }
        if (active == slots.length) {
            System.out.println("[REJECT] at capacity (" + active + "/" + slots.length + ")");
            client.close();
            return;
        }
        client.configureBlocking(false);
        int slot = 0;
        while (slots[slot] != null) {
            slot++;
        }
        slots[slot] = client;
        active++;
        client.register(selector, SelectionKey.OP_READ, slot);
        System.out.println("[ACCEPT] fd=" + descriptor(client) + " slot=" + slot);
    }

    private static void serve(SelectionKey key, ByteBuffer buffer) throws IOException {
        SocketChannel client = (SocketChannel) key.channel();
        int count;
        try {
            buffer.clear();
            count = client.read(buffer);
        } catch (IOException error) {
            count = -1;
        }
        if (count == -1) {
            int slot = (Integer) key.attachment();
            int fd = descriptor(client);
            client.close();
            slots[slot] = null;
            active--;
            System.out.println("[DISCONNECT] fd=" + fd + " slot=" + slot);
        }
    }

    /** Needs --add-opens java.base/sun.nio.ch=ALL-UNNAMED. */
    private static int descriptor(SocketChannel channel) {
        try {
            Field field = channel.getClass().getDeclaredField("fdVal");
            field.setAccessible(true);
            return field.getInt(channel);
        } catch (ReflectiveOperationException error) {
            throw new IllegalStateException(error);
        }
    }

    private static int setting(String name, int standard, int most) {
        String value = System.getenv().getOrDefault(name, String.valueOf(standard));
        if (value.matches("[0-9]{1,9}")) {
            int number = Integer.parseInt(value);
            if (number >= 1 && number <= most) {
                return number;
            }
        }
        refuse(name + "=\"" + value + "\": expected a number from 1 to " + most);
        return 0;
    }

    private static void refuse(String text) {
        System.err.println(text);
        System.exit(1);
    }
}
