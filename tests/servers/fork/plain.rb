#!/usr/bin/env ruby
# Forks in Ruby. A thread for each child reaps it (Process.detach).
require "socket"

$stdout.sync = true
port = ENV.fetch("PORT", "1205")
abort "PORT=#{port}: give a whole number from 1 to 65535" unless port =~ /\A\d{1,5}\z/ && (1..65535).cover?(port.to_i)
begin
  listener = TCPServer.new("0.0.0.0", port.to_i)
rescue SystemCallError => error
  abort "PORT=#{port}: cannot listen: #{error.message}"
end
children = {}
trap("TERM") do
  children.each_key { |pid| Process.kill("KILL", pid) rescue nil }
  exit!(0)
end
puts "[START] port=#{port}"

def serve(client)
  loop do
    text = client.readpartial(4096)
    client.write(text.tr("A-Za-z", "a-zA-Z"))
  end
rescue EOFError, SystemCallError
  nil
end

loop do
  begin
    client = listener.accept
  rescue Errno::ECONNABORTED, Errno::EINTR
    next
  rescue Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM
    sleep 0.05
    next
  end
  begin
    pid = fork do
      trap("TERM", "DEFAULT")
      listener.close
      serve(client)
      exit!(0)
    end
    children[pid] = true
    puts "[FORK] pid=#{pid}"
    Thread.new { Process.detach(pid).join; children.delete(pid) }
  rescue Errno::EAGAIN => error
    puts "fork: #{error.message}"
  ensure
    client.close
  end
end
