// A correct client on Go's net package. A goroutine sends, and main receives.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

func fail(reason ...any) {
	fmt.Fprintln(os.Stderr, reason...)
	os.Exit(1)
}

func connect(host, port string) net.Conn {
	addresses, err := net.LookupHost(host)
	if err != nil {
		fail(err)
	}
	for _, address := range addresses {
		fmt.Printf("[client] attempting connection to %s\n", address)
		var connection net.Conn
		connection, err = net.Dial("tcp", net.JoinHostPort(address, port))
		if err == nil {
			fmt.Printf("[client] connected to %s\n", address)
			return connection
		}
	}
	fail(err)
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: client HOST PORT")
	}
	if number, err := strconv.Atoi(os.Args[2]); err != nil || number < 1 || number > 65535 {
		fail("not a port:", os.Args[2])
	}
	connection := connect(os.Args[1], os.Args[2])
	defer connection.Close()
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	text := strings.TrimSuffix(line, "\n")
	if text == "" {
		return
	}
	sent := make(chan error)
	go func() {
		_, err := io.WriteString(connection, text)
		sent <- err
	}()
	answer := make([]byte, len(text))
	if count, err := io.ReadFull(connection, answer); err != nil {
		fail("after", count, "bytes:", err)
	}
	if err := <-sent; err != nil {
		fail(err)
	}
	fmt.Printf("[client] sent '%s'\n[client] received '%s'\n", text, answer)
}
