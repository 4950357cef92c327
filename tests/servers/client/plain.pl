#!/usr/bin/env perl
# A correct client on the Socket module: a child process sends, and the parent receives.
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo getnameinfo NI_NUMERICHOST NIx_NOSERV SHUT_WR);

$| = 1;
sub fail { print STDERR "client: @_\n"; exit 1 }

my ($host, $port) = @ARGV;
fail("usage: HOST PORT") unless defined $port;
fail("$port is not a port") unless $port =~ /\A[0-9]{1,5}\z/ && $port >= 1 && $port <= 65535;
my ($error, @list) = getaddrinfo($host, $port, {socktype => SOCK_STREAM});
fail("$host: $error") if $error;

my ($socket, $reason);
for my $address (@list) {
    my (undef, $ip) = getnameinfo($address->{addr}, NI_NUMERICHOST, NIx_NOSERV);
    print "[client] attempting connection to $ip\n";
    socket($socket, $address->{family}, SOCK_STREAM, 0) or fail($!);
    if (connect($socket, $address->{addr})) {
        print "[client] connected to $ip\n";
        undef $reason;
        last;
    }
    $reason = $!;
    close $socket;
}
fail($reason) if defined $reason;

my $text = <STDIN>;
exit 0 unless defined $text;
chomp $text;
exit 0 if $text eq '';
my $sender = fork();
if ($sender == 0) {
    $SIG{PIPE} = 'IGNORE';
    my $at = 0;
    while ($at < length $text) {
        my $count = syswrite($socket, $text, length($text) - $at, $at);
        last unless defined $count;
        $at += $count;
    }
    exit 0;
}
my $answer = '';
while (length($answer) < length($text)) {
    my $count = sysread($socket, $answer, 65536, length $answer);
    fail("recv: $!") unless defined $count;
    fail("the server has hung up") if $count == 0;
}
waitpid($sender, 0);
print "[client] sent '$text'\n[client] received '$answer'\n";
