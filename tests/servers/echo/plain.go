// An echo server in Go: one goroutine serves one client after the other.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

func port() int {
	text, set := os.LookupEnv("PORT")
	if !set {
		return 3490
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > 65535 {
		fmt.Fprintf(os.Stderr, "PORT=%q: expected a number from 1 to 65535\n", text)
		os.Exit(1)
	}
	return number
}

// descriptor returns the number of the client's descriptor.
func descriptor(client *net.TCPConn) (fd uintptr) {
	if raw, err := client.SyscallConn(); err == nil {
		raw.Control(func(number uintptr) { fd = number })
	}
	return fd
}

func echo(client *net.TCPConn) {
	bytes := make([]byte, 16*1024)
	for {
		count, err := client.Read(bytes)
		if err != nil {
			return
		}
		if _, err := client.Write(bytes[:count]); err != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port()))
	if err != nil {
		fmt.Fprintf(os.Stderr, "PORT=%d: %v\n", port(), err)
		os.Exit(1)
	}
	fmt.Printf("[START] port=%d\n", port())
	for {
		accepted, err := listener.Accept()
		if err != nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		client := accepted.(*net.TCPConn)
		fd := descriptor(client)
		fmt.Printf("[ACCEPT] fd=%d\n", fd)
		echo(client)
		client.Close()
		fmt.Printf("[DISCONNECT] fd=%d\n", fd)
	}
}
