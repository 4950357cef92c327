// A blocking echo server in Java.

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;

class Echo {
    public static void main(String[] arguments) throws Exception {
        int port = port();
        try (ServerSocket listener = listen(port)) {
            System.out.println("[START] port=" + port);
            while (true) {
                Socket client;
                try {
                    client = listener.accept();
                } catch (IOException error) {
                    // Java does not tell the errors of accept apart. None of them concerns the
                    // listener here, and after "Too many open files" a pause is needed.
                    Thread.sleep(20);
                    continue;
                }
                System.out.println("[ACCEPT] from=" + client.getPort());
                converse(client);
                System.out.println("[DISCONNECT] from=" + client.getPort());
            }
        }
    }

    private static int port() {
        String value = System.getenv().getOrDefault("PORT", "3490");
        try {
            int port = Integer.parseInt(value);
            if (port >= 1 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException error) {
            // Refused below.
        }
        System.err.println("PORT=\"" + value + "\": expected a number from 1 to 65535");
        System.exit(1);
        return 0;
    }

    private static ServerSocket listen(int port) {
        try {
            return new ServerSocket(port, 128);
        } catch (IOException error) {
            System.err.println("PORT=" + port + ": " + error.getMessage());
            System.exit(1);
            return null;
        }
    }

    private static void converse(Socket client) {
        byte[] bytes = new byte[4096];
        try (client) {
            InputStream in = client.getInputStream();
            OutputStream out = client.getOutputStream();
            for (int count; (count = in.read(bytes)) != -1; ) {
                out.write(bytes, 0, count);
            }
        } catch (IOException error) {
            System.out.println("the client has left: " + error.getMessage());
        }
    }
}
