// An echo server with a goroutine for each client. The goroutines wait in Go's network poller,
// which uses epoll: Go runs all of them on a few threads.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// tracker has the table of clients. Each goroutine locks it before a change.
type tracker struct {
	sync.Mutex
	maxClients int
	freeSlots  []int
}

func setting(name string, fallback, most int) int {
	text, isSet := os.LookupEnv(name)
	if !isSet {
		return fallback
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > most {
		fmt.Fprintf(os.Stderr, "%s=%s: give a whole number from 1 to %d\n", name, text, most)
		os.Exit(1)
	}
	return number
}

func descriptor(client *net.TCPConn) int {
	number := -1
	if raw, err := client.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { number = int(fd) })
	}
	return number
}

// enter gives the client a slot, or closes it if no slot is free.
func (t *tracker) enter(client *net.TCPConn) {
	t.Lock()
	defer t.Unlock()
	last := len(t.freeSlots) - 1
	if last < 0 {
		client.Close()
		fmt.Printf("[REJECT] at capacity (%d/%d)\n", t.maxClients, t.maxClients)
		return
	}
	slot, fd := t.freeSlots[last], descriptor(client)
	t.freeSlots = t.freeSlots[:last]
	fmt.Printf("[ACCEPT] fd=%d slot=%d\n", fd, slot)
	go t.serve(client, fd, slot)
}

func (t *tracker) serve(client *net.TCPConn, fd, slot int) {
	bytes := make([]byte, 4096)
	for {
		count, err := client.Read(bytes)
		if err == nil {
			_, err = client.Write(bytes[:count])
		}
		if err != nil {
			break
		}
	}
	t.Lock()
	defer t.Unlock()
	client.Close()
	t.freeSlots = append(t.freeSlots, slot)
	fmt.Printf("[DISCONNECT] fd=%d slot=%d\n", fd, slot)
}

func main() {
	port, maxClients := setting("PORT", 7000, 65535), setting("MAX_CLIENTS", 4096, 1000000)
	var limit syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	limit.Cur = limit.Max
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{Port: port})
	if err != nil {
		fmt.Fprintf(os.Stderr, "PORT=%d: %v\n", port, err)
		os.Exit(1)
	}
	t := tracker{maxClients: maxClients}
	for slot := maxClients - 1; slot >= 0; slot-- {
		t.freeSlots = append(t.freeSlots, slot)
	}
	fmt.Printf("[START] active=0/%d\n", maxClients)
	for {
		client, err := listener.AcceptTCP()
		if err != nil {
			time.Sleep(50 * time.Millisecond) // no descriptor is free
			continue
		}
		t.enter(client)
	}
}
