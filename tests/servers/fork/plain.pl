#!/usr/bin/env perl
# Forks in Perl. The kernel reaps the children, because SIGCHLD is ignored.
use strict;
use warnings;
use Errno qw(EINTR EMFILE ENFILE ENOMEM ENOBUFS);
use IO::Socket::INET;
use POSIX qw(_exit SIGTERM SIG_BLOCK SIG_UNBLOCK);

$| = 1;
my $port = $ENV{PORT} // 1205;
if ($port !~ /^[0-9]{1,5}$/ || $port < 1 || $port > 65535) {
    print STDERR "PORT=$port: give a whole number from 1 to 65535\n";
    exit 1;
}
my $listener = IO::Socket::INET->new(LocalPort => $port, Listen => 128, ReuseAddr => 1, Proto => 'tcp');
if (!$listener) {
    print STDERR "PORT=$port: cannot listen: $!\n";
    exit 1;
}
my $term = POSIX::SigSet->new(SIGTERM);
my %children;
$SIG{CHLD} = 'IGNORE';
$SIG{TERM} = sub { kill 'TERM', keys %children; _exit(0); };
print "[START] port=$port\n";

while (1) {
    my $client = $listener->accept;
    if (!$client) {
        select(undef, undef, undef, 0.05) if $!{EMFILE} || $!{ENFILE} || $!{ENOMEM} || $!{ENOBUFS};
        next;
    }
    POSIX::sigprocmask(SIG_BLOCK, $term);
    # A child that has ended is not reaped here. Therefore forget the ones that are gone.
    delete @children{ grep { !kill 0, $_ } keys %children };
    my $pid = fork;
    $children{$pid} = 1 if $pid;
    $SIG{TERM} = 'DEFAULT' if defined $pid && $pid == 0;
    POSIX::sigprocmask(SIG_UNBLOCK, $term);
    if (!defined $pid) {
        print "fork: $!\n";
    } elsif ($pid == 0) {
        close $listener;
        serve($client);
        _exit(0);
    } else {
        print "[FORK] pid=$pid fd=" . fileno($client) . "\n";
    }
    close $client;
}

sub serve {
    my ($client) = @_;
    while (1) {
        my $count = sysread $client, my $text, 4096;
        next if !defined $count && $!{EINTR};
        return if !$count;
        $text =~ tr/A-Za-z/a-zA-Z/;
        my $sent = 0;
        while ($sent < $count) {
            my $once = syswrite $client, $text, $count - $sent, $sent;
            next if !defined $once && $!{EINTR};
            return if !defined $once;
            $sent += $once;
        }
    }
}
