#!/usr/bin/env perl
# SPDX-License-Identifier: Apache-2.0
#
# Directives and messages are documented, and nothing else is:
# - each row of the table in mod_acme_cmds.c has an entry in conf/acme.conf, a
#   section in docs/directives.md and a line in docs/mod_acme.7, in the list
#   for its context;
# - "Default:" in the manual is what stands in parentheses at the end of the
#   row's help text, word for word; where there are none, it is "none";
# - each value of acme_default.h is in that text, and each number of the text is
#   there; no other file defines a default;
# - the same default is in the heading of conf/acme.conf, whose syntax is that of
#   the manual, and in the man page;
# - "Context:" and "Merge:" are what acme_setting_e and the row say; what is for
#   the whole server begins so in conf/acme.conf;
# - what a number without a unit counts is said in these three as the setter has
#   it, and of no other directive;
# - each setting has its directive's name in mod_acme_config_setting_name();
# - each directive of mod_md that is only refused is in the table of the manual;
# - each message of level notice or worse has a section in docs/problems.md.
use strict;
use warnings;
use List::Util qw(sum0);
use Test::More tests => 30;

my $root = $ENV{srcdir} // '.';
chdir $root or BAIL_OUT("$root: $!");

sub slurp {
    my ($file) = @_;
    open my $fh, '<:encoding(UTF-8)', $file or BAIL_OUT("$file: $!");
    local $/;
    return scalar <$fh>;
}

sub none {
    my ($name, @wrong) = @_;
    ok(!@wrong, $name) or diag(join "\n", @wrong);
}

# Without comments; adjacent literals in one.
sub code {
    my ($file) = @_;
    my $text = slurp($file);
    $text =~ s{/\*.*?\*/}{}gs;
    1 while $text =~ s/"((?:\\.|[^"\\\n])*)"\s*"/"$1/;
    return $text;
}

# ---- the code ---------------------------------------------------------------

my $cmds = join '', map { code($_) } sort glob 'mod_acme/httpd/mod_acme_cmds*.c';
my ($rows) = $cmds =~ /\bmod_acme_cmds_table\[\]\s*=\s*\{(.*)\}\s*;/s
    or BAIL_OUT('there is no table mod_acme_cmds_table[]');
my (%default, %setter, %twice, @row);
while ($rows =~ /\bAP_INIT_\w+\s*\(\s*"(<?ACME\w+)"\s*,\s*(\w+)\s*,
                 ([^"]*)"((?:\\.|[^"\\])*)"\s*\)/gx) {
    my ($name, $setter, $info, $help) = ($1, $2, $3, $4);
    $twice{$name}++ if exists $default{$name};
    $default{$name} = $help =~ /\(([^()]*)\)$/ ? $1 : 'none';
    $setter{$name} = [$setter, $info];
    push @row, $name;
}
my $rows_written = () = $rows =~ /\bAP_INIT_/g;
is(scalar @row, $rows_written, 'each row of the table is understood');
none('no directive is in the table twice', sort keys %twice);

my $header = code('mod_acme/httpd/mod_acme_config.h');
my ($enum) = $header =~ /enum\s*\{([^}]*)\}\s*acme_setting_e\s*;/s
    or BAIL_OUT('there is no acme_setting_e');
my @setting = $enum =~ /\b(ACME_SETTING_\w+)/g;
is(pop @setting, 'ACME_SETTING_COUNT', 'acme_setting_e ends with its count');
my ($first_wide) =
    $header =~ /#define\s+ACME_SETTING_SERVER_WIDE\s+(ACME_SETTING_\w+)/;

my $config = code('mod_acme/httpd/mod_acme_config.c');
my ($names) = $config =~ /\bmod_acme_config_setting_name\s*\([^)]*\)\s*\{[^{]*\{([^}]*)\}/s;
my @name = ($names // '') =~ /"(\w*)"/g;
# Adjacent literals are one: a comma that is missing joins two names.
is(scalar @name, scalar @setting, 'each setting has a name');

# The setting that a row sets: named in the row, or by its setter.
my (%wide, %merge, @wrong, %set, %unit_of);
my %other_name = (ACMEMember => 'ACMEMembers');
my %of_name = map { $name[$_] // '' => $setting[$_] } 0 .. $#setting;
for my $name (@row) {
    my ($setter, $info) = @{$setter{$name}};
    my ($body) = $cmds =~ /\b\Q$setter\E\s*\([^)]*\)\s*\n\{(.*?)\n\}/s;
    my %in = map { $_ => 1 } ("$info" =~ /\bACME_SETTING_\w+/
                              ? $info : $body // '') =~ /\b(ACME_SETTING_\w+)/g;
    # The unit of a bare number; that of a rate limit is parsed in schedule/.
    my $parsed = ($body // '') =~ /\bacme_ratelimit_policy_parse\b/
        ? code('mod_acme/schedule/acme_ratelimit_policy.c') : $body // '';
    $unit_of{$name} = $1 eq 'ACME_TIME_DAY' ? 'days' : 'seconds'
        if $parsed =~ /(?:mod_acme_cmds_arg_interval\s*\(\s*cmd\s*,\s*\w+\s*,
                         \s*\w+|acme_time_parse_duration\s*\([^;]*?)
                       \s*,\s*(ACME_TIME_DAY|apr_time_from_sec\(1\))\s*[,)]/x;
    push @wrong, "$name: the unit of a bare number is not understood"
        if !$unit_of{$name}
        && $parsed =~ /\b(mod_acme_cmds_arg_interval|acme_time_parse_duration)\b/;
    # Those that make sites set nothing.
    next if $name =~ /^<?ACMEDomain(Set)?$/;
    my @in = sort keys %in;
    if (@in != 1) {
        push @wrong, "$name sets " . (@in ? join(' and ', @in) : 'nothing');
    }
    elsif (($of_name{$other_name{$name} // $name} // '') ne $in[0]) {
        push @wrong, "$name sets $in[0], which mod_acme_config_setting_name() calls "
            . ({reverse %of_name}->{$in[0]} // 'nothing');
    }
    $set{$_}++ for @in;
}
none('mod_acme_config_setting_name() names the directive that sets it', @wrong);
none('each setting has a directive', grep { !$set{$_} } @setting);

# How each adds up is where it stands in the enum: of a site, of a virtual host,
# of the whole server.
my ($first_host) =
    $header =~ /#define\s+ACME_SETTING_PER_HOST\s+(ACME_SETTING_\w+)/;
my $rule = 'set and virtual host over server; contradictions in one site are '
    . 'refused';
my ($is_host, $is_wide) = (0, 0);
for my $i (0 .. $#setting) {
    if ($setting[$i] eq ($first_host // '')) {
        $is_host = 1;
        $rule = 'virtual host over server, each for itself';
    }
    if ($setting[$i] eq ($first_wide // '')) {
        $is_wide = 1;
        $rule = 'none';
    }
    $wide{$name[$i] // ''} = $is_wide;
    $merge{$name[$i] // ''} = $rule;
}
$merge{$_} = $merge{$other_name{$_}} for keys %other_name;
$wide{'<ACMEDomainSet'} = 1;
ok($is_wide, 'ACME_SETTING_SERVER_WIDE is one of them');
ok($is_host, 'ACME_SETTING_PER_HOST is one of them');
ok(keys %unit_of >= 8, 'directives with a bare number are found');

# What is said of the context and of bare numbers, if anything.
my $unit_text = qr/without\s+a\s+unit\s+counts?\s+(days|seconds)/;
sub units {
    my ($where, $said) = @_;
    return map { "$where: $_: '" . ($said->{$_} // '') . "', in the code '"
                 . ($unit_of{$_} // '') . "'" }
        grep { ($said->{$_} // '') ne ($unit_of{$_} // '') } @row;
}
my %context = map {
    my $name = $_;
    $name => 'server config' . ($wide{$name} ? '' : ', virtual host')
        . ($setter{$name}[1] =~ /\bACCESS_CONF\b/ ? ', directory' : '')
} @row;

# ---- conf/acme.conf ---------------------------------------------------------

my $conf = slurp('conf/acme.conf');
none('each has a heading with its default in conf/acme.conf',
     grep { $conf !~ /^# \Q$_\E .*\bDefault: \S/m } @row);
none('each has an example in conf/acme.conf',
     grep { $conf !~ /^#\Q$_\E( |$)/m } @row);

# From the heading up to the example.
my (%heading, %block);
while ($conf =~ /^# (<?ACME\w+)( .*?)  +Default: (\S.*)\n((?:# .*\n)*)/gm) {
    my ($name, $syntax, $value, $text) = ($1, $2, $3, $4);
    $heading{$name} = [$syntax, $value];
    $block{$name} = $text =~ s/\n# / /gr;
}
none('its default there is that of the table',
     map { "$_: '" . ($heading{$_}[1] // '') . "', not '$default{$_}'" }
     grep { ($heading{$_}[1] // '') ne $default{$_} } @row);
none('its context there is that of the code',
     grep { ($block{$_} // '') =~ /^# Whole server\. / xor $wide{$_}
            or $context{$_} =~ /directory/ && $block{$_} !~ /\bsection\b/ } @row);
none('what a bare number counts there',
     units('conf/acme.conf', {map { $_ => ($block{$_} // '') =~ $unit_text
                                    ? $1 : '' } @row}));

# ---- docs/directives.md -----------------------------------------------------

my $manual = slurp('docs/directives.md');
my (%section, @again);
while ($manual =~ /^## (<?ACME\w+)\n(.*?)(?=^## |\z)/gms) {
    push @again, $1 if exists $section{$1};
    $section{$1} = $2;
}
none('each has one section in the manual',
     (grep { !exists $section{$_} } @row), @again);
@wrong = ();
my (@forms, @rules, @syntax);
for my $name (grep { exists $section{$_} } @row) {
    my %line = $section{$name} =~ /^    (\w+): +(\S.*)$/mg;
    push @wrong, "$name: the manual says '" . ($line{Default} // '')
        . "', the table '$default{$name}'"
        if ($line{Default} // '') ne $default{$name};
    push @forms, "$name: Context is '$context{$name}'"
        if ($line{Context} // '') ne $context{$name};
    push @syntax, "$name: the manual says '" . ($line{Syntax} // '')
        . "', conf/acme.conf '$name" . ($heading{$name}[0] // '') . "'"
        if ($line{Syntax} // '') ne $name . ($heading{$name}[0] // '');
    push @forms, "$name: Syntax begins with its name"
        if ($line{Syntax} // '') !~ /^\Q$name\E /;
    # The lines below it, up to the next empty one, belong to it.
    my ($merge) = $section{$name} =~ /^    Merge: +(\S.*?)\n\n/ms;
    ($merge //= '') =~ s/\s+/ /g;
    push @rules, "$name: the manual says '$merge', the code "
        . ($merge{$name} // 'whatever is said')
        if $merge eq '' || defined $merge{$name} && $merge ne $merge{$name};
    push @forms, "$name: it does not say what is refused"
        if $section{$name} !~ /^Refused: /m;
    push @forms, "$name: there is no example"
        if $section{$name} !~ /^ {4,}\Q$name\E( |$)/m;
}
none('the default is that of the table', @wrong);
none('the merge rule is that of the code', @rules);
none('Syntax, Context, an example, what is refused', @forms);
none('the syntax is that of conf/acme.conf', @syntax);
none('what a bare number counts is in the manual',
     units('docs/directives.md', {map { $_ => ($section{$_} // '') =~ $unit_text
                                        ? $1 : '' } @row}));

# ---- values of directives that are not set --------------------------------

# A time is written in the text as "12h", "1min" or "10 days", a kind of key as
# "P-256".
my %unit = (MINUTE => 'min', HOUR => 'h', DAY => ' days');
my %kind = (P256 => 'P-256', P384 => 'P-384', RSA => 'RSA');
my %rest = %default;
my %has_value;
my $values = slurp('mod_acme/spec/acme_default.h');
@wrong = ();
while ($values =~ m{/\*\*\ (ACME[A-Z]\w+)[^/]*\*/\n
        \#define\ (\w+)\ (?:"(.*)"|\((\d+)\ \*\ ACME_TIME_(\w+)\)
                          |ACME_KEY_(\w+)|(\d+))\n}gx) {
    my ($name, $value) = ($1, $2);
    my $text = $3 // (defined $4 ? $4 . $unit{$5} : $7 // $kind{$6});
    $has_value{$name}++;
    push @wrong, "$value: the default of $name has no '$text'"
        unless exists $rest{$name}
        && $rest{$name} =~ s/(?<![\w.])\Q$text\E(?!\w)//;
}
my $n_values = () = $values =~ /^#define ACME_DEFAULT_(?!H$)/mg;
push @wrong, 'not every value has a comment that begins with its directive'
    if $n_values != sum0(values %has_value);
none('each value of acme_default.h is what its directive says', @wrong,
     map { "$_: acme_default.h has no value of '$default{$_}'" }
     grep { $has_value{$_} && $rest{$_} =~ /\d/ } @row);
@wrong = ();
# The lower rooms know of no directive.
for my $file (grep { !m{/acme_default\.h$|^mod_acme/(base|crypto|net|store|proto)/} }
              sort glob 'mod_acme/*/*.[ch]') {
    my $text = code($file);

    push @wrong, "$file: $1 belongs in spec/acme_default.h"
        while $text =~ /^\s*#\s*define\s+(\w*DEFAULT\w*)\s/mg;
}
none('a default is written once', @wrong);

# ---- nothing else -----------------------------------------------------------

# Acronyms and message tags are no directives.
my @other = slurp('mod_acme/httpd/mod_acme_cmds_other.h')
    =~ /MOD_ACME_CMDS_OTHER\("(<?ACME\w+)"\)/g;
my ($of_md) = $manual =~ /^## From mod_md\n(.*)/ms;
none('what is only refused is in the table of the manual',
     @other ? () : 'there is nothing',
     grep { ($of_md // '') !~ /^\|[^|]*`\Q$_\E`/m } @other);
my %known = map { s/^<//r => 1 } @row, @other;
my %stranger;
my @texts = (glob('docs/*'), glob('conf/*'), 'README', 'SECURITY.md', 'CHANGES',
             glob('mod_acme/*/*.[ch]'));
for my $file (grep { -f } @texts) {
    my $n = 0;
    for my $line (split /\n/, slurp($file)) {
        $n++;
        while ($line =~ /\b(ACME[A-Z]\w*[a-z]\w*)/g) {
            $stranger{"$file:$n: $1"} = 1 if !$known{$1};
        }
    }
}
none('no file names a directive that the table has not',
     (sort keys %stranger),
     map { "docs/directives.md: $_" } grep { !$known{s/^<//r} } sort keys %section);

my $man = slurp('docs/mod_acme.7');
none('each is in the man page', grep { $man !~ /^\.It Cm \Q$_\E$/m } @row);
my ($both, $server_only) =
    split /^These may only be written outside of virtual hosts:$/m, $man;
none('it is in the right list of the man page',
     grep { ($wide{$_} ? $server_only // '' : $both) !~ /^\.It Cm \Q$_\E$/m }
         @row);

my %item = $man =~ /^\.It Cm (\S+)\n(.*?)(?=^\.(?:It|El))/gms;
none('its default there, and what a bare number counts',
     map { "$_: (" . $default{$_}
           . ($unit_of{$_} ? "; a number without a unit counts $unit_of{$_}" : '')
           . ')' }
     grep { ($item{$_} // '') !~ /\n\(default:\ \Q$default{$_}\E
            @{[$unit_of{$_} ? "; a number without a unit counts $unit_of{$_}" =~ s! !\\ !gr : '']}
            \)\n\z/x
            || $context{$_} =~ /directory/ && $item{$_} !~ /\bsection\b/ } @row);

# ---- docs/problems.md -------------------------------------------------------

# The level stands between the call and the tag. What one function logs for
# another (mod_acme_sites_refuse) is an error, or a warning.
my (%tag, %loud);
for my $file (sort glob 'mod_acme/*/*.c') {
    my $text = code($file);
    while ($text =~ /\b(acme_log|ap_log_\w+|mod_acme_sites_\w+)\s*\(
                     ((?:(?!;).)*?)\bACME_TAG\((\d{4})\)/gsx) {
        my ($call, $args, $tag) = ($1, $2, $3);
        $tag{$tag} = $file;
        $loud{$tag} = $file if $call =~ /^mod_acme_sites/
            || $args =~ /LOG_(EMERG|ALERT|CRIT|ERR|WARNING|NOTICE)\b/;
    }
    while ($text =~ /\bACME_TAG\((\d{4})\)/g) {
        $tag{$1} //= $file;
    }
}
my $problems = slurp('docs/problems.md');
my %told = map { $_ => 1 } $problems =~ /^### ACME(\d{4})$/mg;
ok(%tag > 0, 'there are messages');
none('each message of level notice or worse is in docs/problems.md',
     map { "ACME$_, in $loud{$_}" } grep { !$told{$_} } sort keys %loud);
none('docs/problems.md has no other',
     map { "ACME$_" } grep { !$loud{$_} } sort keys %told);
