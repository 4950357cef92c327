// An echo server in Java, on a blocking ServerSocket. Java does not show the numbers of descriptors.
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;

public class Plain {
    public static void main(String[] arguments) throws InterruptedException {
        int port = port();
        ServerSocket listener;
        try {
            listener = new ServerSocket(port, 128);
        } catch (IOException error) {
            System.err.println("PORT=" + port + ": " + error.getMessage());
            System.exit(1);
            return;
        }
        System.out.println("[START] port=" + port);
        while (true) {
            try (Socket client = listener.accept()) {
                System.out.println("[ACCEPT]");
                echo(client);
            } catch (IOException error) {
                System.out.println("no client: " + error.getMessage());
                Thread.sleep(100);
                continue;
            }
            System.out.println("[DISCONNECT]");
        }
    }

    private static int port() {
        String text = System.getenv().getOrDefault("PORT", "3490");
        if (text.matches("[0-9]{1,5}")) {
            int port = Integer.parseInt(text);
            if (port >= 1 && port <= 65535) {
                return port;
            }
        }
        System.err.println("PORT=\"" + text + "\": expected a number from 1 to 65535");
        System.exit(1);
        return 0;
    }

    private static void echo(Socket client) {
        byte[] bytes = new byte[8192];
        try {
            InputStream in = client.getInputStream();
            OutputStream out = client.getOutputStream();
            for (int count; (count = in.read(bytes)) != -1; ) {
                out.write(bytes, 0, count);
            }
        } catch (IOException error) {
            System.out.println("a client has left: " + error.getMessage());
        }
    }
}
