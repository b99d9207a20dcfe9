#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# External names: a symbol begins with the stem of the file that defines it, so
# that its name says where it is; and it is external only because another unit
# of the product uses it.
use strict;
use warnings;
use Test::More;
use Cwd 'abs_path';

my $root = $ENV{srcdir} // '.';
my $build = abs_path($ENV{builddir} // '.');
chdir $root or BAIL_OUT("$root: $!");
require './t/lib/House.pm';
no warnings 'once';

# Symbols whose names others have fixed.
my %fixed = map { $_ => 1 } qw(acme_module main);

# External although no other unit of the product uses them, each with its
# reason.
my %alone = (
    # The backend in memory is for tests: the contract test of the store runs
    # against it, and unit tests of the rooms above keep their items in it.
    acme_store_mem_create => 'makes the store of a test',
    acme_store_mem_share => 'is a second process on the same store',
    acme_store_mem_break => 'lets a test see what a failing store does',
);

my %unit = House::units();
my %object = House::objects($build);
my @built = sort grep { $unit{$_} } keys %object;
# Headers without a .c define nothing.
my @stems = sort { length $b <=> length $a }
    map { s{^.*/}{}r } grep { -f "mod_acme/$_.c" } keys %unit;

my (@stem, @other, %used, %test_used);
for my $unit (keys %object) {
    my $set = $unit{$unit} ? \%used : \%test_used;
    $set->{$_} = 1 for keys %{$object{$unit}{U}};
}
my (@lonely, @dead_reason);
for my $unit (@built) {
    my ($room, $stem) = split m{/}, $unit;
    for my $symbol (sort keys %{$object{$unit}{T}}) {
        next if $fixed{$symbol} || $symbol =~ /^_/;
        my ($owner) = grep { $symbol =~ /^\Q$_\E(_|$)/ } @stems;
        if (!defined $owner || $symbol !~ /^\Q$stem\E(_|$)/) {
            push @stem, "mod_acme/$unit.c: $symbol should begin with ${stem}_";
        }
        elsif ($owner ne $stem) {
            push @other, "mod_acme/$unit.c: $symbol has the prefix of $owner; "
                . 'define it there, or name it otherwise';
        }
        next if $used{$symbol};
        push @lonely, "mod_acme/$unit.c: $symbol is used by no other unit"
            . ($test_used{$symbol} ? ' but by tests' : '')
            . ': make it static, remove it, or list it here with the reason'
            unless $alone{$symbol};
    }
}
for my $symbol (sort keys %alone) {
    push @dead_reason, "$symbol needs no exception"
        if $used{$symbol} || !grep { $object{$_}{T}{$symbol} } @built;
}

# A prefix is in one room.
my (%rooms);
for my $unit (keys %unit) {
    my ($room, $stem) = split m{/}, $unit;
    $rooms{$stem}{$room} = 1;
}
my @twice = map { "$_: in " . join(' and ', sort keys %{$rooms{$_}}) }
    grep { keys %{$rooms{$_}} > 1 } sort keys %rooms;

sub none {
    my ($name, @wrong) = @_;
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}
ok(@built > 0, 'the module is built');
none('an external symbol begins with its file\'s stem', @stem);
none('a symbol belongs to the longest stem that matches', @other);
none('a stem is in one room', @twice);
none('what is external is used by another unit', @lonely);
none('every exception is needed', @dead_reason);

# The job is changed by its own transitions only.
my @job;
for my $file (sort glob 'mod_acme/*/*.c') {
    next if $file eq 'mod_acme/state/acme_job.c';
    my $n = 0;
    for my $line (split /\n/, House::without_comments(House::slurp($file))) {
        $n++;
        push @job, "$file:$n: write a transition in state/acme_job.c: $line"
            if $line =~ /\bjob->\w+(\[[^]]*\]|\.\w+)*\s*([-+|&]?=(?!=)|\+\+|--)/
            || $line =~ /(\+\+|--)\(?\w*job->\w+/;
    }
}
none('a job is written in state/acme_job.c only', @job);
done_testing();
