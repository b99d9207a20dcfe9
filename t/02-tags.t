#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# Message tags: four digits, each for one message only; whoever has to act finds
# it in docs/problems.md, and so in acmectl explain.
use strict;
use warnings;
use Test::More tests => 4;

my $root = $ENV{srcdir} // '.';
chdir $root or BAIL_OUT("$root: $!");

my (%seen, @form, @twice);
for my $file (sort glob 'mod_acme/*/*.[ch]') {
    open my $fh, '<', $file or BAIL_OUT("$file: $!");
    my $text = do { local $/; <$fh> };
    close $fh;
    # Comments show how to use them; their lines still count.
    $text =~ s{(/\*.*?\*/)}{ $1 =~ tr/\n//cdr }gse;
    while ($text =~ /(\#\s*define\s+)?\bACME_TAG\s*\(\s*([^)]*?)\s*\)/g) {
        my ($define, $tag) = ($1, $2);
        my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
        next if defined $define;
        if ($tag !~ /^\d{4}$/) {
            push @form, "$file:$line: ACME_TAG($tag)";
        }
        elsif ($seen{$tag}) {
            push @twice, "$file:$line: $tag is already at $seen{$tag}";
        }
        else {
            $seen{$tag} = "$file:$line";
        }
    }
}
my $problems = do { local (@ARGV, $/) = 'docs/problems.md'; <> };
my %explained = map { $_ => 1 } $problems =~ /^### ACME(\d{4})$/mg;
my @silent;
for my $file (sort glob 'mod_acme/*/*.c') {
    my $text = do { local (@ARGV, $/) = $file; <> };
    while ($text =~ /\bACME_TAG\s*\(\s*(\d{4})\s*\)/g) {
        my $tag = $1;
        # The level that was named last before the message.
        my ($level) = substr($text, 0, $-[0]) =~ /.*\b(?:ACME_LOG|APLOG)_([A-Z]+)/s;
        push @silent, "$file: ACME$tag ($level)"
            if ($level // 'ERR') =~ /^(ERR|WARNING)$/ && !$explained{$tag};
    }
}
ok(!@silent, 'each error and warning can be explained')
    or diag(join "\n", @silent);
my @gone = grep { !$seen{$_} } sort keys %explained;
ok(!@gone, 'what is explained is there') or diag(join "\n", @gone);
ok(!@form, 'tags have four digits') or diag(join "\n", @form);
ok(!@twice, 'each tag is one message') or diag(join "\n", @twice);
note(scalar(keys %seen) . ' tags');
