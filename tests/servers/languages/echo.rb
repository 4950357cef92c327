# A blocking echo server in Ruby.
require "socket"

$stdout.sync = true

def refuse(text)
  warn text
  exit 1
end

text = ENV.fetch("PORT", "3490")
port = Integer(text, 10, exception: false)
refuse "PORT=#{text.inspect}: expected a number from 1 to 65535" unless port&.between?(1, 65_535)
begin
  listener = TCPServer.new("0.0.0.0", port)
rescue SystemCallError => error
  refuse "PORT=#{port}: #{error.message}"
end
puts "[START] port=#{port}"

loop do
  begin
    client = listener.accept
  rescue Errno::EINTR, Errno::ECONNABORTED
    next
  rescue Errno::EMFILE, Errno::ENFILE, Errno::ENOBUFS, Errno::ENOMEM
    sleep 0.02 # The client stays in the backlog.
    next
  end
  fd = client.fileno
  puts "[ACCEPT] fd=#{fd}"
  begin
    loop { client.write client.readpartial(4096) }
  rescue EOFError, SystemCallError
    # The client has left.
  ensure
    client.close
  end
  puts "[DISCONNECT] fd=#{fd}"
end
