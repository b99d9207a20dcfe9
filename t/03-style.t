#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# Style that a program can judge. How clang-format formats depends on its
# version: 14 is the one that counts.
use strict;
use warnings;
use Test::More;
use File::Find;

my $root = $ENV{srcdir} // '.';
chdir $root or BAIL_OUT("$root: $!");

my (@code, @text);
find({ no_chdir => 1, wanted => sub {
    return unless -f && -T;
    return if m{/(__pycache__|\.pytest_cache|\.libs|\.deps)/};
    if (m{^(mod_acme|t|test)/.*\.[ch]$}) {
        push @code, $_;
    }
    elsif (m{\.(py|t|pl|sh|conf|md|1|8|in)$} || !m{\.}) {
        push @text, $_;
    }
} }, grep { -d } qw(mod_acme t test conf docs scripts));
push @text, grep { -f } qw(configure.ac Makefile.am README CHANGES LAYOUT
                           SECURITY.md NOTICE .ci/run);
@code = sort @code;

my $marker = join '|', map { "\\b$_\\b" } 'TO' . 'DO', 'FIX' . 'ME', 'X' x 3;
my (@tab, @wide, @slashes, @marker, @licence, @blank);

sub slurp {
    my ($file) = @_;
    open my $fh, '<:encoding(UTF-8)', $file or BAIL_OUT("$file: $!");
    local $/;
    return scalar <$fh>;
}

for my $file (@code) {
    my $text = slurp($file);
    my $n = 0;
    for my $line (split /\n/, $text) {
        $n++;
        push @tab, "$file:$n" if $line =~ /\t/;
        push @wide, "$file:$n: " . length $line if length $line > 80;
        push @blank, "$file:$n" if $line =~ /[ \t]$/;
        push @marker, "$file:$n: $line" if $line =~ /$marker/;
    }
    push @licence, $file
        unless $text =~ m{^/\* SPDX-License-Identifier: Apache-2\.0 \*/\n};

    # What is neither in a comment nor in a literal; lines stay in place.
    $text =~ s{(/\*.*?\*/)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'}
              { defined $1 ? $1 =~ tr/\n//cdr : '""' }gsex;
    $n = 0;
    for my $line (split /\n/, $text) {
        $n++;
        push @slashes, "$file:$n" if $line =~ m{//};
    }
}
for my $file (@text) {
    my $n = 0;
    push @licence, $file if $file =~ m{\.(py|pl|t)$} && slurp($file)
        !~ m{^(\#![^\n]*\n)?\# SPDX-License-Identifier: Apache-2\.0\n};
    for my $line (split /\n/, slurp($file)) {
        $n++;
        push @marker, "$file:$n: $line" if $line =~ /$marker/;
    }
}

sub none {
    my ($name, @wrong) = @_;
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}
ok(@code > 0, 'there are files to look at');
none('no tabs', @tab);
none('no line over 80 columns', @wide);
none('no white space at the end of a line', @blank);
none('comments are /* */', @slashes);
none('nothing is left to be done', @marker);
none('every file of code starts with the licence, in one line', @licence);

my $format = $ENV{CLANG_FORMAT} || 'clang-format';
my $version = `$format --version 2>/dev/null` // '';
my ($major) = $version =~ /version (\d+)/;
if (($major // 0) == 14) {
    my @wrong = grep {
        system("$format --dry-run -Werror '$_' >/dev/null 2>&1") != 0
    } @code;
    none("clang-format ('make format' mends it)", @wrong);
}
else {
    diag('formatting is not checked: that takes clang-format 14, here is '
         . ($major // 'none'));
}
done_testing();
