# An echo server in Ruby, on the sockets of the standard library.
require "socket"

text = ENV.fetch("PORT", "3490")
port = text.match?(/\A[0-9]{1,5}\z/) ? text.to_i : 0
abort "PORT=#{text.inspect}: expected a number from 1 to 65535" unless port.between?(1, 65_535)

# Without a handler, SIGTERM raises an exception, which prints a trace.
trap("TERM") { exit! }
$stdout.sync = true
begin
  listener = TCPServer.new("0.0.0.0", port)
  listener.listen(128)
rescue SystemCallError => error
  abort "PORT=#{port}: #{error.message}"
end
puts "[START] port=#{port}"

loop do
  begin
    client = listener.accept
  rescue SystemCallError
    sleep 0.1
    next
  end
  fd = client.fileno
  puts "[ACCEPT] fd=#{fd}"
  begin
    loop { client.write(client.readpartial(4096)) }
  rescue EOFError, SystemCallError
    # The client has left.
  end
  client.close
  puts "[DISCONNECT] fd=#{fd}"
end
