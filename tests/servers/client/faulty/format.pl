#!/usr/bin/env perl
# A client whose log takes the text for the format of printf.
use strict;
use warnings;
use IO::Socket::INET;

$| = 1;
my ($host, $port) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or die $!;
chomp(my $text = <STDIN>);
syswrite($socket, $text);
printf "[client] sent '$text'\n";
my $answer = '';
while (length($answer) < length($text)) {
    sysread($socket, $answer, 4096, length $answer) or die 'the server has hung up';
}
printf "[client] received '$answer'\n";
