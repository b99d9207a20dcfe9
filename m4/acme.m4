dnl SPDX-License-Identifier: Apache-2.0

dnl ACME_NEED(WHAT, DEBIAN, RHEL, [CONSEQUENCE])
dnl Ends configure: what is wrong, and the packages that make it right.
AC_DEFUN([ACME_NEED], [AC_MSG_ERROR([$1
    Debian, Ubuntu:       apt-get install $2
    RHEL, Fedora, clones: dnf install $3])])

dnl ACME_PKG(VARIABLE, MODULE, VERSION, DEBIAN, RHEL)
dnl A library through pkg-config; missing and too old are told apart.
AC_DEFUN([ACME_PKG], [
AC_MSG_CHECKING([for $2 $3 or newer])
AS_IF([test -n "$[]$1[]_LIBS$[]$1[]_CFLAGS"], [AC_MSG_RESULT([as given])],
      [$PKG_CONFIG --exists $2],
      [acme_pkg_version=`$PKG_CONFIG --modversion $2`
       AC_MSG_RESULT([$acme_pkg_version])
       AS_IF([$PKG_CONFIG --atleast-version=$3 $2], [],
             [ACME_NEED([$2 $acme_pkg_version is too old: mod_acme needs $3 or newer], [$4], [$5])])],
      [AC_MSG_RESULT([no])
       ACME_NEED([$2 is missing: mod_acme needs version $3 or newer], [$4], [$5])])
AS_IF([test -n "$[]$1[]_LIBS$[]$1[]_CFLAGS"], [],
      [$1[]_CFLAGS=`$PKG_CONFIG --cflags $2`
       $1[]_LIBS=`$PKG_CONFIG --libs $2`])
AC_ARG_VAR($1[_CFLAGS], [compiler flags for $2, instead of pkg-config's])
AC_ARG_VAR($1[_LIBS], [linker flags for $2, instead of pkg-config's])
])

dnl ACME_OPTIONAL(VARIABLE, MODULE, DEBIAN, RHEL, HELP OF --without-MODULE)
dnl A library that is used where it is there: VARIABLE_CFLAGS and _LIBS, and
dnl define_VARIABLE, which config.h.in has in a line of its own.
AC_DEFUN([ACME_OPTIONAL], [
AC_ARG_WITH([$2], [AS_HELP_STRING([--without-$2], [$5])], [], [with_$2=check])
AC_MSG_CHECKING([for $2])
AS_IF([test "$with_$2" = no], [have_$1=no],
      [test -n "$[]$1[]_LIBS$[]$1[]_CFLAGS"], [have_$1=yes],
      [$PKG_CONFIG --exists $2],
      [have_$1=yes
       $1[]_CFLAGS=`$PKG_CONFIG --cflags $2`
       $1[]_LIBS=`$PKG_CONFIG --libs $2`],
      [have_$1=no])
AC_MSG_RESULT([$have_$1])
AS_CASE([$with_$2,$have_$1], [yes,no], [ACME_NEED([$2 is missing], [$3], [$4])])
AC_ARG_VAR($1[_CFLAGS], [compiler flags for $2, instead of pkg-config's])
AC_ARG_VAR($1[_LIBS], [linker flags for $2, instead of pkg-config's])
AS_IF([test "$have_$1" = yes], [define_$1='[#]define HAVE_$1 1'],
      [define_$1='/* [#]undef HAVE_$1 */'])
AC_SUBST(define_$1)
])

dnl ACME_FLAGS(VARIABLE, FLAGS)
dnl Adds those flags to the variable that the compiler knows.
AC_DEFUN([ACME_FLAGS], [
for acme_flag in m4_normalize([$2]); do
    AC_MSG_CHECKING([whether $CC accepts $acme_flag])
    acme_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $acme_flag"
    AC_COMPILE_IFELSE([AC_LANG_SOURCE([int acme; int acme;])],
                      [AC_MSG_RESULT([yes])
                       $1="$[]$1 $acme_flag"],
                      [AC_MSG_RESULT([no])])
    CFLAGS=$acme_save_CFLAGS
done
])

dnl ACME_SYSTEM(VARIABLE)
dnl Turns -I into -isystem in it: our warnings are not for others' headers.
dnl What a compiler searches anyway must keep its place.
AC_DEFUN([ACME_SYSTEM], [
acme_flags=
for acme_flag in $[]$1; do
    case $acme_flag in
    -I/usr/include) ;;
    -I*) acme_flags="$acme_flags -isystem `AS_ECHO(["$acme_flag"]) | sed 's/^-I//'`" ;;
    *) acme_flags="$acme_flags $acme_flag" ;;
    esac
done
$1=$acme_flags
])
