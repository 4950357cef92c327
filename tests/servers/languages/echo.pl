# A blocking echo server in Perl.
use strict;
use warnings;
use Errno qw(EINTR ECONNABORTED EMFILE ENFILE ENOBUFS ENOMEM);
use IO::Socket::INET;

$| = 1;
$SIG{PIPE} = 'IGNORE';

sub refuse { print STDERR "@_\n"; exit 1 }

my $port = $ENV{PORT} // 3490;
refuse(qq(PORT="$port": expected a number from 1 to 65535))
    unless $port =~ /\A[0-9]{1,5}\z/ && $port >= 1 && $port <= 65535;
my $listener = IO::Socket::INET->new(LocalPort => $port, Listen => 128, ReuseAddr => 1)
    or refuse("PORT=$port: $!");
print "[START] port=$port\n";

# Sends every byte back until the client leaves.
sub converse {
    my ($client) = @_;
    while (1) {
        my $count = sysread($client, my $bytes, 4096);
        next if !defined $count && $! == EINTR;
        return if !$count;
        for (my $at = 0; $at < $count;) {
            my $sent = syswrite($client, $bytes, $count - $at, $at);
            if (defined $sent) { $at += $sent }
            elsif ($! != EINTR) { return }
        }
    }
}

while (1) {
    my $client = $listener->accept;
    if (!$client) {
        next if $! == EINTR || $! == ECONNABORTED;
        # The client stays in the backlog. Try again when a descriptor may be free.
        if ($! == EMFILE || $! == ENFILE || $! == ENOBUFS || $! == ENOMEM) {
            select(undef, undef, undef, 0.02);
            next;
        }
        refuse("accept: $!");
    }
    my $fd = fileno $client;
    print "[ACCEPT] fd=$fd\n";
    converse($client);
    close $client;
    print "[DISCONNECT] fd=$fd\n";
}
