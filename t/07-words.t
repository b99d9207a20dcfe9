#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# One vocabulary, in plain English: docs/internals.md has the glossary. Words
# that were given up do not come back in identifiers, and a comment starts with
# a verb or with the thing that it is about, because a reader who lands in the
# middle of a file knows no "one", "who" or "those". Folders of the store, kinds
# of items and JSON keys keep their names: they stand in string literals, which
# are not looked at.
use strict;
use warnings;
use Test::More;

my $root = $ENV{srcdir} // '.';
chdir $root or BAIL_OUT("$root: $!");
require './t/lib/House.pm';

# Parts of identifiers, and what to write instead.
my %retired = (
    keeper => 'install', shelf => 'cert_index', quiet => 'job_cache',
    glance => 'report', lane => 'ca_queue', lanes => 'ca_queues',
    flight => 'task', flights => 'tasks', fleet => 'scheduler',
    errand => 'account_op, ctl_request or ctl_result',
    errands => 'account_ops', parcel => 'export', holding => 'inventory',
    holdings => 'inventories', wish => 'action', wishes => 'actions',
    woken => 'timer', unproven => 'promote_guard', scratch => 'tmpfile',
    outbox => 'ctl_requests', desired => 'published', twin => 'same_names',
    twins => 'same_names', heir => 'successor', hurry => 'notify_urgent',
    careful => 'probe_limit', identity => 'ca_account',
    further => 'second_key', asker => 'ari_service',
);
# Where such a part is the field's own word, or another thing.
my %allowed = map { $_ => 1 } qw();

# Phrases in comments.
my @phrase = (
    qr/\b(?:keeper|shelf|fleet|errands?|parcel|glance|twins?|heir)\b/i,
    qr/\bof no use\b/, qr/\bis had\b/, qr/\bas it is\b/,
);
my $stand_in = qr/^(?:One|Ones|Who|Whoever|Whom|Whose|What|Whatever|Those|Of
                      |That|Where|Nobody|Whether)\b/x;

my (@word, @start, @said);
my @file = sort(glob('mod_acme/*/*.[ch]'), glob('t/*/*.[ch]'),
                glob('test/*/*.[ch]'));
for my $file (@file) {
    my $text = House::slurp($file);
    while ($text =~ m{(/\*.*?\*/)|("(?:\\.|[^"\\\n])*")|\b([A-Za-z_]\w*)}gs) {
        my ($comment, $literal, $name) = ($1, $2, $3);
        my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
        if (defined $name) {
            next if $allowed{$name};
            # A test case is named by a sentence.
            next if $file =~ m{^t/} && ($name =~ tr/_//) >= 3
                && $name !~ /^acme_/i;
            for my $part (split /_/, lc $name) {
                push @word, "$file:$line: $name: write $retired{$part}"
                    if $retired{$part};
            }
        }
        elsif (defined $comment) {
            my $plain = $comment =~ s{^/\*+<?|\*/$}{}gr;
            $plain =~ s/^\s*\*\s?//mg;
            $plain =~ s/^\s+//;
            $plain =~ s/^\@brief\s+//;
            my ($first) = split /\n/, $plain;
            push @start, "$file:$line: $first"
                if ($first // '') =~ $stand_in;
            $plain =~ s/\s+/ /g;
            for my $phrase (@phrase) {
                push @said, "$file:$line: \"$1\"" if $plain =~ /($phrase)/;
            }
        }
    }
}

sub none {
    my ($name, @wrong) = @_;
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}
ok(@file > 0, 'there are files to look at');
none('no word in an identifier that was given up', @word);
none('a comment starts with a verb or the thing named', @start);
none('no phrase in a comment that was given up', @said);

# The glossary has a line for each word that a newcomer has to learn.
my $glossary = House::slurp('docs/internals.md');
my @missing = grep { $glossary !~ /^\|[^|]*\b\Q$_\E\b[^|]*\|/m }
    qw(site spec inventory job plan order bundle stage promote stash place
       placeholder vault seal secret worker lease generation task admission
       blocklist problem action activator responder transport snapshot settled
       pure unit), 'own certificate', 'archive version',
       'control request', 'CA queue', 'retry class', 'managed certificate';
none('docs/internals.md explains each word', @missing);

# Every room is in LAYOUT, with what it is for, and in the picture.
my $layout = House::slurp('LAYOUT');
none('every room has its line in LAYOUT',
     grep { $layout !~ m{^mod_acme/\Q$_\E/\s+level \d: \w}m }
     sort keys %House::room);
none('every room is in the picture of docs/internals.md',
     grep { $glossary !~ /^\| `\Q$_\E\/` \|/m } sort keys %House::room);
# The table there is the one that the lints judge by.
my %low = map { $_ => 1 } qw(base crypto store proto);
my @stale = grep {
    my ($level, @may) = @{$House::room{$_}};
    my $want = join ', ', map { s/\(types\)/ (types)/r }
        grep { $level < 3 || !$low{$_} } @may;
    $level < 8
        && $glossary !~ m{^\| `$_/` \| $level \|.*\| \Q@{[$want || '-']}\E \|$}m;
} sort keys %House::room;
none('the table of docs/internals.md is that of t/lib/House.pm', @stale);
done_testing();
