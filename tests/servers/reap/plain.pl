#!/usr/bin/env perl
# Perl runs a handler between two operations of its interpreter ("safe signals", perlipc), and
# accept fails with EINTR. The handler reaps and logs.
use strict;
use warnings;
use Errno qw(EINTR ECONNABORTED EMFILE ENFILE);
use IO::Socket::INET;
use POSIX qw(:sys_wait_h);

$| = 1;
my $port = $ENV{PORT} // '1205';
unless ($port =~ /\A[0-9]+\z/ && $port > 0 && $port < 65536) {
    print STDERR "PORT=$port: give a whole number from 1 to 65535\n";
    exit 1;
}
my $listener = IO::Socket::INET->new(LocalPort => $port, Listen => 20, ReuseAddr => 1);
unless ($listener) {
    print STDERR "PORT=$port: cannot listen: $!\n";
    exit 1;
}
print "[START] port=$port\n";

my %children;
$SIG{CHLD} = sub {
    local ($!, $?);
    while ((my $pid = waitpid(-1, WNOHANG)) > 0) {
        delete $children{$pid};
        my $end = WIFEXITED($?) ? 'status=' . WEXITSTATUS($?) : 'signal=' . WTERMSIG($?);
        print "[REAP] pid=$pid $end\n";
    }
};
my $ends = POSIX::SigSet->new(POSIX::SIGCHLD, POSIX::SIGTERM);
$SIG{TERM} = sub { kill 'TERM', keys %children; exit 0 };

sub serve {
    my ($client) = @_;
    while (1) {
        my $count = sysread $client, my $text, 4096;
        next if !defined $count && $! == EINTR;
        return unless $count;
        $text =~ tr/A-Za-z/a-zA-Z/;
        while (length $text) {
            my $sent = syswrite $client, $text;
            if (defined $sent) { substr($text, 0, $sent, '') }
            elsif ($! != EINTR) { return }
        }
    }
}

while (1) {
    my $client = $listener->accept;
    unless ($client) {
        select undef, undef, undef, 0.05 if $! == EMFILE || $! == ENFILE;
        next;
    }
    POSIX::sigprocmask(POSIX::SIG_BLOCK, $ends);
    my $pid = fork;
    if (defined $pid && $pid == 0) {
        $SIG{TERM} = 'DEFAULT';
        POSIX::sigprocmask(POSIX::SIG_UNBLOCK, $ends);
        close $listener;
        serve($client);
        POSIX::_exit(0);
    }
    if (defined $pid) { $children{$pid} = 1; print "[FORK] pid=$pid\n" }
    close $client;
    POSIX::sigprocmask(POSIX::SIG_UNBLOCK, $ends);
}
