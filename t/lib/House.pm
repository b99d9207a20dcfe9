# SPDX-License-Identifier: Apache-2.0
#
# The rooms of mod_acme/ as data, and what the lints read of them: files, units
# and, from the objects that were built, the symbols that link them.
package House;
use strict;
use warnings;

# Room => level and rooms that it may use besides itself. ROOM(types): headers
# may be included, because they have structs and enums; nothing is called.
my @LOW = qw(base crypto store proto);
our %room = (
    base      => [0],
    crypto    => [1, 'base'],
    net       => [1, 'base'],
    store     => [1, 'base'],
    dns       => [1, 'base'],
    proto     => [2, qw(base crypto)],
    responder => [2, qw(base crypto dns)],
    spec      => [3, @LOW],
    certs     => [3, @LOW, 'spec'],
    schedule  => [4, @LOW, 'spec'],
    transfer  => [4, @LOW, qw(spec certs)],
    state     => [5, @LOW, qw(spec certs(types) schedule)],
    challenge => [6, @LOW, qw(dns spec certs schedule state)],
    plan      => [6, @LOW, qw(spec certs(types) schedule state(types))],
    account   => [6, @LOW, qw(spec state)],
    control   => [6, @LOW, qw(spec certs schedule state)],
    install   => [7, @LOW, qw(spec certs state plan)],
    preflight => [7, @LOW, qw(dns spec schedule state challenge)],
    obtain    => [7, @LOW, qw(spec certs schedule state challenge plan
                              account)],
    report    => [7, @LOW, qw(spec certs schedule state plan)],
    engine    => [8, @LOW, qw(dns(types) spec certs schedule state challenge
                              plan account control preflight obtain)],
    httpd     => [9, @LOW, qw(net dns responder spec certs schedule state
                              challenge plan account control install preflight
                              obtain report engine)],
    tool      => [9, @LOW, qw(net dns responder spec certs schedule transfer
                              state challenge plan account control install
                              preflight obtain report engine)],
);

# Rooms whose number of units is not limited: one layer each.
our %is_wide = map { $_ => 1 } qw(base crypto net store dns proto httpd
                              tool);
our ($MOST_UNITS, $LEAST_UNITS) = (15, 3);

sub may_use {
    my ($from, $to, $types) = @_;
    return 1 if $from eq $to;
    my (undef, @may) = @{$room{$from} // [0]};
    return scalar grep { $_ eq $to || ($types && $_ eq "$to(types)") } @may;
}

sub slurp {
    my ($file) = @_;
    open my $fh, '<', $file or die "$file: $!";
    local $/;
    return scalar <$fh>;
}

# Comments out, lines in place.
sub without_comments {
    my ($text) = @_;
    $text =~ s{(/\*.*?\*/)}{ $1 =~ tr/\n//cdr }gse;
    return $text;
}

# "room/stem" of every .c and .h of the tree.
sub units {
    my %unit;
    for my $file (sort glob 'mod_acme/*/*.[ch]') {
        my ($room, $stem) = $file =~ m{^mod_acme/([^/]+)/(.*)\.[ch]$};
        push @{$unit{"$room/$stem"}}, $file;
    }
    return %unit;
}

# What the objects in a build folder define and want:
# ("room/stem" => {T => {symbol => 1}, U => {symbol => 1}}). Tests are under
# "t/room/stem".
sub objects {
    my ($build) = @_;
    my $nm = $ENV{NM} || 'nm';
    my %object;
    for my $unit (sort keys %{{units()}}) {
        my ($room, $stem) = split m{/}, $unit;
        my ($file) = grep { -f } map { ("$build/mod_acme/$room/.libs/$_$stem.o",
                                        "$build/mod_acme/$room/$_$stem.o") }
            qw(libacme_la- la- libacme_transfer_la- acmectl-);
        next unless $file;
        $object{$unit} = read_object($nm, $file);
    }
    for my $file (sort(glob("$build/t/*/*.o"),
                       glob("$build/test/*/*.o"))) {
        (my $unit = $file) =~ s{^\Q$build\E/|\.o$}{}g;
        $object{$unit} = read_object($nm, $file);
    }
    return %object;
}

sub read_object {
    my ($nm, $file) = @_;
    my %symbol = (T => {}, U => {});
    open my $fh, '-|', split(' ', $nm), $file or die "$nm $file: $!";
    while (<$fh>) {
        if (/^\S+ [TDBRC] (\S+)/) {
            $symbol{T}{$1} = 1;
        }
        elsif (/^\s+U (\S+)/) {
            $symbol{U}{$1} = 1;
        }
    }
    close $fh;
    return \%symbol;
}

# Units that reach themselves, as "a -> b -> a"; each circle once.
sub circles {
    my (%uses) = @_;
    my (@found, %in);
    for my $from (sort keys %uses) {
        next if $in{$from};
        my @queue = ([$from]);
        my %seen;
        WALK: while (my $path = shift @queue) {
            for my $next (sort keys %{$uses{$path->[-1]} // {}}) {
                if ($next eq $from) {
                    $in{$_} = 1 for @$path;
                    push @found, join ' -> ', @$path, $from;
                    last WALK;
                }
                push @queue, [@$path, $next] unless $seen{$next}++;
            }
        }
    }
    return @found;
}

1;
