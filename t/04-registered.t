#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# Nothing is forgotten: every source is built and described, every unit has a
# test program, every test is run. ('make units' brings the lists of
# Makefile.am in step with the tree.)
use strict;
use warnings;
use Test::More tests => 10;

my $root = $ENV{srcdir} // '.';
chdir $root or BAIL_OUT("$root: $!");

sub words {
    my ($file) = @_;
    open my $fh, '<', $file or BAIL_OUT("$file: $!");
    local $/;
    return map { $_ => 1 } split /\s+/, <$fh>;
}
my %make = words('Makefile.am');

# One line per file: a folder's line ends with a slash, its files follow,
# indented.
my (%layout, $dir);
open my $fh, '<', 'LAYOUT' or BAIL_OUT("LAYOUT: $!");
while (<$fh>) {
    next unless /^(\s*)(\S+)/;
    my ($indent, $name) = ($1, $2);
    if ($indent eq '') {
        $dir = $name =~ m{/$} ? $name : '';
    }
    $layout{$indent eq '' ? $name : "$dir$name"} = 1;
}
close $fh;

my @units = sort glob 'mod_acme/*/*.c';
my @headers = sort glob 'mod_acme/*/*.h';
my @tests = sort grep { !m{^t/lib/} } glob 't/*/*.c';
my @lib = sort(glob('t/lib/*.c'), glob('t/*/*.h'));
my @lints = sort glob 't/*.t';

sub none {
    my ($name, @wrong) = @_;
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}
ok(@units > 0, 'there are units');
none('every source is built', grep { !$make{$_} } @units, @headers);
none('every test program is built and run',
     grep { !$make{s/\.c$//r} } @tests);
none('every helper of the tests is listed', grep { !$make{$_} } @lib);
none('every lint is run', grep { !$make{$_} } @lints);
none('nothing is listed that is not there',
     grep { !-f && !-f "$_.c" }
     grep { m{^(mod_acme|t)/[\w./-]+$} } sort keys %make);
# The program of a unit: its own; or, for a part of a larger unit, the one of
# the unit that its name extends.
sub tested {
    my ($name) = @_;
    $name =~ s/\.c$//;
    do {
        my $test = $name =~ s/^mod_acme/t/r;
        return 1 if -f "$test.c" && (-f "$name.c" || -f "$name.h");
    } while ($name =~ s/_[^_\/]+$//);
    return 0;
}

# httpd's side needs a httpd: test/ has its tests.
none('every unit below httpd/ has a test program',
     grep { !m{^mod_acme/(httpd|tool)/} && !tested($_) } @units);
none('every source is in LAYOUT',
     grep { !$layout{$_} && !$layout{s/\.h$/.c/r} } @units, @headers,
         glob('t/lib/*.[ch]'));
none('every other file is in LAYOUT',
     grep { -f && !$layout{$_} && !/~$/ && !m{/test_\d+_\w+\.py$} }
         glob('conf/* docs/* packaging/* scripts/* t/*.t t/lib/*.pm test/*'));
none('every file of LAYOUT exists',
     grep { !m{^\.|^t/ROOM/|_NNN_} && !-e } sort keys %layout);
