#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# Message tags: four digits, each for one message only.
use strict;
use warnings;
use Test::More tests => 2;

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
ok(!@form, 'tags have four digits') or diag(join "\n", @form);
ok(!@twice, 'each tag is one message') or diag(join "\n", @twice);
note(scalar(keys %seen) . ' tags');
