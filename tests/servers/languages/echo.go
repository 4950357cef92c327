// A blocking echo server in Go: one client at a time, in one goroutine.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

func refuse(value string, why any) {
	fmt.Fprintf(os.Stderr, "PORT=%q: %v\n", value, why)
	os.Exit(1)
}

func main() {
	value, found := os.LookupEnv("PORT")
	if !found {
		value = "3490"
	}
	port, err := strconv.Atoi(value)
	if err != nil || port < 1 || port > 65535 {
		refuse(value, "expected a number from 1 to 65535")
	}
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if err != nil {
		refuse(value, err)
	}
	fmt.Printf("[START] port=%d\n", port)
	for {
		client, err := listener.Accept()
		if err != nil {
			// The runtime has handled EINTR and ECONNABORTED. The client stays in the backlog.
			time.Sleep(20 * time.Millisecond)
			continue
		}
		fmt.Printf("[ACCEPT] from=%s\n", client.RemoteAddr())
		converse(client)
		client.Close()
		fmt.Printf("[DISCONNECT] from=%s\n", client.RemoteAddr())
	}
}

func converse(client net.Conn) {
	bytes := make([]byte, 4096)
	for {
		count, err := client.Read(bytes)
		if count > 0 {
			if _, err := client.Write(bytes[:count]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
