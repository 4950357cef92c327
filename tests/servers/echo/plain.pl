# An echo server in Perl, with sysread and syswrite.
use strict;
use warnings;
use Errno qw(EINTR ECONNABORTED);
use IO::Handle;
use Socket;

my $port = $ENV{PORT} // 3490;
unless ($port =~ /\A[0-9]{1,5}\z/ && $port >= 1 && $port <= 65535) {
    print STDERR "PORT=\"$port\": expected a number from 1 to 65535\n";
    exit 1;
}

$SIG{PIPE} = 'IGNORE';
STDOUT->autoflush(1);
socket(my $listener, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1) or die "setsockopt: $!\n";
unless (bind($listener, sockaddr_in($port, INADDR_ANY)) && listen($listener, 128)) {
    print STDERR "PORT=$port: $!\n";
    exit 1;
}
print "[START] port=$port\n";

while (1) {
    my $client;
    unless (accept($client, $listener)) {
        select(undef, undef, undef, 0.1) unless $! == EINTR || $! == ECONNABORTED;
        next;
    }
    my $fd = fileno($client);
    print "[ACCEPT] fd=$fd\n";
    echo($client);
    close($client);
    print "[DISCONNECT] fd=$fd\n";
}

sub echo {
    my ($client) = @_;
    while (1) {
        my $count = sysread($client, my $bytes, 8192);
        next if !defined $count && $! == EINTR;
        return if !$count;
        for (my $sent = 0; $sent < $count;) {
            my $now = syswrite($client, $bytes, $count - $sent, $sent);
            return if !defined $now && $! != EINTR;
            $sent += $now // 0;
        }
    }
}
