#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules under bad conditions: whatever happens, standard output gets exactly one JSON object."""

import argparse
import fcntl
import json
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SETTINGS = None  # the command line


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.environment = {**os.environ, 'SAMPLE_LOCK': self.path('lock')}

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def exists(self, name):
        return os.path.exists(self.path(name))

    def read(self, name):
        with open(self.path(name), encoding='utf-8') as file:
            return file.read()

    def write_arguments(self, data):
        with open(self.path('args'), 'wb') as file:
            file.write(data if isinstance(data, bytes) else json.dumps(data).encode())
        return self.path('args')

    def one_object(self, output, code):
        """The object in `output`, which holds nothing else; the exit status agrees with it."""
        lines = [line for line in output.decode('ascii').split('\n') if line.strip()]
        self.assertEqual(len(lines), 1, output)
        result = json.loads(lines[0])
        self.assertIsInstance(result, dict)
        self.assertIs(type(result['changed']), bool)
        self.assertEqual(code, 1 if result.get('failed') else 0, result)
        if result.get('failed'):
            self.assertTrue(result['msg'])
        return result

    def run_program(self, program, *arguments, **options):
        done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment, timeout=60, check=False,
                              **(options if 'input' in options
                                 else {'stdin': subprocess.DEVNULL, **options}))
        self.assertEqual(done.stderr, b'')
        return self.one_object(done.stdout, done.returncode)

    def sample(self, data=None, **more):
        """Runs the sample module with `data`, or with a path and `more`."""
        if data is None:
            data = {'path': self.path('file'), 'content': 'new', **more}
        return self.run_program(SETTINGS.sample, self.write_arguments(data))

    def fails(self, result, text):
        self.assertIs(result.get('failed'), True, result)
        self.assertIn(text, result['msg'])
        return result


class Reading(Base):
    """Arguments that can't be read; of every module that was named."""

    def each(self, data, text):
        for program in SETTINGS.programs:
            with self.subTest(program=program):
                self.fails(self.run_program(program, self.write_arguments(data)), text)

    def each_file(self, path, text):
        for program in SETTINGS.programs:
            with self.subTest(program=program):
                self.fails(self.run_program(program, path), text)

    def test_no_arguments(self):
        for program in SETTINGS.programs:
            self.fails(self.run_program(program), 'no arguments')

    def test_fifo(self):
        os.mkfifo(self.path('fifo'))
        self.each_file(self.path('fifo'), 'is a FIFO')

    def test_directory(self):
        self.each_file(self.folder.name, 'is a directory')

    def test_device(self):
        self.each_file('/dev/zero', 'is a device')

    def test_missing(self):
        self.each_file(self.path('nothing'), 'No such file')

    def test_unreadable(self):
        os.chmod(self.write_arguments({}), 0)
        os.chmod(self.folder.name, 0o755)
        nobody = {'user': 65534} if os.geteuid() == 0 else {}  # root can read every file
        for program in SETTINGS.programs:
            copy = shutil.copy(program, self.folder.name)
            self.fails(self.run_program(copy, self.path('args'), **nobody), 'Permission denied')

    @unittest.skipUnless(shutil.which('strace'), 'takes strace')
    def test_a_wrong_parameter_costs_no_look_at_the_system(self):
        if not SETTINGS.failing_malloc:
            self.skipTest('LeakSanitizer can\'t run under strace')
        for program in SETTINGS.programs:
            arguments = self.write_arguments({'path': self.path('file'), 'nonsense': 1})
            self.fails(self.run_program('strace', '-f', '-qq', '-o', self.path('trace'), '-e',
                                        'trace=%file,%process,ioctl', program, arguments), '')
            after = self.read('trace').rpartition(f'"{arguments}"')[2]
            paths = {path for path in re.findall('"(/.*?)"', after) if not path.endswith('.gcda')}
            # The seed of jansson's hash tables, and the time of the log line.
            self.assertLessEqual(paths, {'/dev/urandom', '/etc/localtime'})

    def test_empty(self):
        self.each(b'', 'is empty')
        self.each(b' \n\t', 'is empty')

    def test_truncated_everywhere(self):
        whole = json.dumps({'path': '/x', 'more': [{'mode': 'a\u00e9', 'size': 1.5}], 'n': None})
        for length in range(1, len(whole)):
            self.fails(self.run_program(SETTINGS.sample, self.write_arguments(whole[:length].encode())),
                       "can't be used")

    def test_not_an_object(self):
        self.each(b'[1]', 'not a JSON object')
        self.each(b'"x"', 'not a JSON object')
        self.each(b'5', 'not a JSON object')

    def test_more_after_the_end(self):
        self.each(b'{} {}', 'more after their end')

    def test_no_utf8(self):
        self.each(b'{"a": {"b": "\xff"}}', 'not valid UTF-8, at byte 13 (a.b)')

    def test_values_that_cannot_be_held(self):
        for value, text in (('NaN', 'NaN and Infinity'), ('-Infinity', 'NaN and Infinity'),
                            ('Infinity', 'NaN and Infinity'), ('9223372036854775808', '64 bits'),
                            ('-9223372036854775809', '64 bits'), ('1e999', '64 bits'),
                            ('"\\udcff"', 'surrogate'), ('"\\ud800x"', 'surrogate'),
                            ('"a\\u0000b"', '\\u0000')):
            data = '{"disks": [{"a": 1}, {"b": [0, %s], "c": 2}]}' % value
            self.each(data.encode(), text)
            self.each(data.encode(), '(disks[1].b[1])')

    def test_deep(self):
        self.each(b'{"a": ' + b'[' * 100000, 'nested too deeply')
        self.each(b'{"a":' * 5000, 'nested too deeply')

    def test_nested_as_deep_as_allowed(self):
        self.fails(self.sample(b'{"path": "/x", "more": ' + b'[' * 2000 + b']' * 2000 + b'}'), 'more')

    def test_50_megabytes(self):
        data = b'{"path": "' + b'x' * 50_000_000 + b'"}'
        path = self.write_arguments(data)
        for program in SETTINGS.programs:
            start = time.monotonic()
            self.fails(self.run_program(program, path), "can't be right")
            self.assertLess(time.monotonic() - start, 5)
            with open(path, 'rb') as file:
                self.fails(self.run_program(program, '-', stdin=file), 'larger than')

    def test_large_values_are_refused_without_copying_them(self):
        self.fails(self.sample({'path': '/x', 'unknown': 'y' * 10_000_000}), 'Unsupported')

    def test_standard_input(self):
        for program in SETTINGS.programs:
            self.fails(self.run_program(program, '-', input=b''), 'is empty')
            self.fails(self.run_program(program, '-', input=b'{"nonsense": 1}'), '')

    def test_standard_input_up_to_a_length(self):
        """Whoever writes may keep it open."""
        data = b'{"nonsense": 1}'
        for program in SETTINGS.programs:
            reading, writing = os.pipe()
            with os.fdopen(reading) as stdin, os.fdopen(writing, 'wb', buffering=0) as keeper:
                keeper.write(data + b' and more')
                done = self.run_program(program, '-', str(len(data)), stdin=stdin)
            self.assertEqual(done, self.run_program(program, '-', input=data))
            self.assertEqual(done, self.run_program(program, '-', '99', input=data))
            self.fails(self.run_program(program, '-', '3', input=data), 'end in the middle')
            self.fails(self.run_program(program, '-', '99', input=b''), 'is empty')
            self.fails(self.run_program(program, '-', '50000000', input=data), 'larger than')
            self.fails(self.run_program(program, '-', '9' * 40, input=data), 'larger than')

    def test_nothing_of_a_secret_is_quoted(self):
        for data in (b'{"secret": "hunter2', b'{"secret": hunter2}', b'{"secret": "hunter2"}}'):
            self.assertNotIn('hunter2', json.dumps(self.sample(data)))

    def test_misuse(self):
        for program in SETTINGS.programs:
            for arguments in (['--nonsense'], ['a', 'b'], ['--doc', 'x'], ['-', '0'], ['-', '-1'], ['-', '1x'],
                              ['-', ''], ['-', '5', '5'], ['args', '5']):
                done = subprocess.run([program, *arguments], capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (2, b''))
                self.assertIn(b'usage', done.stderr)
            for argument in ('--help', '--version', '--doc'):
                done = subprocess.run([program, argument], capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, b''))
                self.assertTrue(done.stdout)
                with open('/dev/full', 'wb') as full:
                    self.assertEqual(subprocess.run([program, argument], stdout=full,
                                                    check=False).returncode, 1)


class Pipeline(Base):
    def test_check_mode_says_what_the_run_then_does(self):
        checked = self.sample(_ansible_check_mode=True)
        self.assertTrue(checked['changed'])
        self.assertFalse(self.exists('file') or self.exists('file.second') or self.exists('lock'))
        done = self.sample()
        self.assertEqual(checked['actions'], done['actions'])
        self.assertEqual(len(done['actions']), 2)
        self.assertEqual(self.read('file'), 'new')
        self.assertEqual(os.stat(self.path('lock')).st_mode & 0o777, 0o600)

    def test_second_run_changes_nothing_and_takes_no_lock(self):
        self.sample()
        os.unlink(self.path('lock'))
        before = os.stat(self.path('file')).st_mtime_ns
        result = self.sample()
        self.assertEqual((result['changed'], result['actions']), (False, []))
        self.assertEqual(os.stat(self.path('file')).st_mtime_ns, before)
        self.assertFalse(self.exists('lock'))

    def test_diff_only_when_wanted(self):
        self.assertNotIn('diff', self.sample(_ansible_check_mode=True))
        result = self.sample(_ansible_diff=True)
        self.assertEqual(result['diff'][0], {'before_header': self.path('file'), 'before': '',
                                             'after_header': self.path('file'), 'after': 'new'})
        self.assertNotIn('diff', self.sample(_ansible_diff=True))

    def test_warnings_once(self):
        result = self.sample(dest=self.path('file'))
        self.assertEqual(sorted(result['warnings']), sorted(set(result['warnings'])))
        self.assertIn('Both option path and its alias dest are set.', result['warnings'])

    def test_bytes_of_the_system(self):
        self.assertEqual(self.sample()['label'], 'label \\xff\\xfe end')

    def test_failing_halfway(self):
        result = self.fails(self.sample(trouble='fail'), 'not for us')
        self.assertTrue(result['changed'])
        self.assertEqual(len(result['actions']), 2)
        self.assertEqual(result['actions_done'], result['actions'][:1])
        self.assertIn('this is only a sample', result['warnings'])
        self.assertEqual(self.sample()['actions'], result['actions'][1:])

    def test_refusal_is_named(self):
        self.assertEqual(self.sample(trouble='refuse')['error_id'], 'not-ours')
        self.assertNotIn('error_id', self.sample(trouble='fail'))

    def test_a_refusal_of_the_first_action_changes_nothing(self):
        self.assertTrue(self.fails(self.sample(trouble='refuse'), 'not for us')['changed'])
        self.assertEqual(self.read('file'), 'new')  # only the second action is left
        self.assertFalse(self.fails(self.sample(trouble='refuse'), 'not for us')['changed'])
        self.assertTrue(self.fails(self.sample(trouble='fail'), 'not for us')['changed'])

    def test_best_effort(self):
        result = self.sample(trouble='best_effort')
        self.assertNotIn('failed', result)
        self.assertTrue(result['changed'])
        self.assertIn('the second file is not for us', result['warnings'])

    def test_all_actions_in_one_go(self):
        self.environment['SAMPLE_TOGETHER'] = 'yes'
        for trouble in ('refuse', 'fail'):
            result = self.fails(self.sample(trouble=trouble, path=self.path(trouble)), 'not for us')
            self.assertEqual((result['changed'], result['actions_done']), (True, result['actions'][:1]))
        result = self.sample()
        self.assertEqual((result['changed'], len(result['actions'])), (True, 2))
        self.assertEqual((self.read('file'), self.read('file.second')), ('new', 'new'))

    def test_all_actions_in_one_go_refused_before_the_first(self):
        self.environment['SAMPLE_TOGETHER'] = 'yes'
        with open(self.path('file'), 'w', encoding='utf-8') as file:
            file.write('new')
        self.assertFalse(self.fails(self.sample(trouble='refuse'), 'not for us')['changed'])
        self.assertTrue(self.fails(self.sample(trouble='fail'), 'not for us')['changed'])

    def test_what_only_the_system_can_tell(self):
        result = self.fails(self.sample(trouble='refuse', _ansible_check_mode=True), 'would not be for us')
        self.assertEqual((result['changed'], result['error_id']), (False, 'not-ours'))
        self.assertFalse(self.exists('file'))

    def test_no_effect(self):
        result = self.fails(self.sample(trouble='no_effect'), 'still')
        self.assertEqual(result['actions_left'], result['actions'])

    def test_unsettled(self):
        self.assertFalse(self.fails(self.sample(trouble='unsettled'), 'differently')['changed'])

    def test_printing_library(self):
        self.assertTrue(self.sample(trouble='print')['changed'])

    def test_child_that_is_killed_prints_nothing(self):
        self.assertTrue(self.sample(trouble='fork')['changed'])

    def test_crashes(self):
        for trouble, name in (('segfault', 'SIGSEGV'), ('abort', 'SIGABRT')):
            result = self.fails(self.sample(trouble=trouble, path=self.path(trouble)), name)
            self.assertTrue(result['changed'])

    def test_lock(self):
        with open(self.path('lock'), 'w', encoding='utf-8') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            result = self.fails(self.sample(), 'another run')
            self.assertFalse(result['changed'])
            self.assertFalse(self.exists('file'))
            with open('/proc/locks', encoding='ascii') as locks:
                if f' {os.getpid()} ' in locks.read():
                    self.assertIn(f'(pid {os.getpid()})', result['msg'])
        self.assertTrue(self.sample()['changed'])

    def test_lock_is_waited_for(self):
        holder = subprocess.Popen(['flock', self.path('lock'), 'sleep', '0.4'])
        time.sleep(0.1)
        self.assertTrue(self.sample()['changed'])
        self.assertEqual(holder.wait(), 0)

    def test_what_another_did_meanwhile_is_not_done_again(self):
        holder = subprocess.Popen(['flock', self.path('lock'), 'sh', '-c', 'sleep 0.4; printf new >"$1"; '
                                   'printf new >"$1.second"', 'sh', self.path('file')])
        time.sleep(0.1)
        result = self.sample()
        self.assertEqual((result['changed'], result['actions']), (False, []))
        self.assertEqual(holder.wait(), 0)

    def test_a_module_that_changes_nothing(self):
        self.environment['SAMPLE_INFO'] = 'yes'
        self.assertNotIn('actions', self.sample())
        self.assertFalse(self.exists('file') or self.exists('lock'))

    def test_a_flag_of_the_core_that_makes_no_sense(self):
        self.assertTrue(self.sample(_ansible_check_mode=[], _ansible_diff='maybe')['changed'])
        self.assertTrue(self.exists('file'))

    def test_lock_that_cannot_be(self):
        self.environment['SAMPLE_LOCK'] = self.path('nowhere/lock')
        self.fails(self.sample(), 'opening the lock')
        os.symlink('/etc/passwd', self.path('link'))
        self.environment['SAMPLE_LOCK'] = self.path('link')
        self.fails(self.sample(), 'opening the lock')

    def test_duplicate_keys(self):
        data = json.dumps({'path': self.path('file'), 'content': 'first'})[:-1] + ', "content": "last"}'
        self.assertEqual(self.sample(data.encode())['content'], 'last')

    def test_unknown_internal_keys(self):
        self.assertTrue(self.sample(_ansible_tmpdir=None, _ansible_of_the_future={'x': [1]})['changed'])
        self.fails(self.sample(unknown=1), 'Unsupported parameters for (sample_module) module: unknown. '
                   'Supported parameters include: content, more, path, secret, trouble, types (dest).')
        self.assertFalse(self.sample(unknown=1, _ansible_ignore_unknown_opts=True)['changed'])

    def test_invocation(self):
        self.assertEqual(self.sample()['invocation']['module_args']['trouble'], 'none')
        self.assertIn('invocation', self.sample(_ansible_inject_invocation=True))
        self.assertNotIn('invocation', self.sample(_ansible_inject_invocation=False))

    def test_secrets(self):
        result = self.sample(secret='hunter2', content='my hunter2 here', _ansible_diff=True)
        self.assertNotIn('hunter2', json.dumps(result))
        self.assertEqual(result['content'], 'my ******** here')
        self.assertEqual(self.read('file'), 'my hunter2 here')
        result = self.sample(secret='hunter2', content='hunter2', trouble='hunter2')
        self.assertNotIn('hunter2', json.dumps(self.fails(result, 'value of trouble')))
        self.fails(self.sample(secret='hun\nter', trouble={'x': 'hun\nter'}), "got: {'x': '********'}")
        result = self.sample(secret=12345, more=[{'mode': 'a', 'size': 12345}])
        self.assertNotIn('12345', json.dumps(result['invocation']))

    def test_version_decides_the_message(self):
        for version, text in (('2.14.18', "is of type <class 'str'> found"),
                              ('2.19.1', 'is of type str found'), (None, 'is of type str found')):
            self.fails(self.sample(more=[{'mode': 'a', 'size': 'x'}], _ansible_version=version), text)


class Log(Base):
    """The line in syslog, read from a /dev of the test's own."""

    LISTENER = """
import os, socket, subprocess, sys
subprocess.run(['mount', '-t', 'tmpfs', 'none', '/dev'], check=True)
os.mknod('/dev/null', 0o020666, os.makedev(1, 3))
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind('/dev/log')
log.settimeout(0.2)
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
try:
    while True:
        print(log.recv(65536).decode())
except TimeoutError:
    pass
"""

    def logged(self, **more):
        done = subprocess.run(
            ['unshare', '-m', sys.executable, '-c', self.LISTENER, SETTINGS.sample,
             self.write_arguments({'path': self.path('file'), 'secret': 'hunter2', **more})],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0 and 'unshare' in done.stderr:
            self.skipTest('no private mount namespace: ' + done.stderr.strip())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_line(self):
        line = self.logged(content='with hunter2', _ansible_syslog_facility='LOG_LOCAL0')
        self.assertEqual(line.count('ansible-sample_module: Invoked with'), 1)
        self.assertIn(f'path={self.path("file")} secret=NOT_LOGGING_PARAMETER content=with ********',
                      line)
        self.assertTrue(line.startswith(f'<{16 << 3 | 6}>'), line)

    def test_who_the_task_was_for(self):
        self.assertIn('ansible-sample_module: app=7 Invoked with path=',
                      self.logged(_ansible_target_log_info='app=7'))

    def test_facility_that_is_none(self):
        for name in ('LOG_NONSENSE', 'nonsense', None):
            self.assertTrue(self.logged(_ansible_syslog_facility=name).startswith(f'<{1 << 3 | 6}>'))

    def test_not_when_the_task_says_no_log(self):
        self.assertEqual(self.logged(_ansible_no_log=True), '')


class Streams(Base):
    def status(self, **options):
        return subprocess.run([SETTINGS.sample, self.write_arguments({'path': self.path('file')})],
                              env=self.environment, timeout=60, check=False, **options).returncode

    def test_stdout_closed(self):
        self.assertEqual(self.status(preexec_fn=lambda: os.close(1)), 1)
        self.assertEqual(self.read('file'), '')

    def test_all_closed(self):
        self.assertEqual(self.status(close_fds=False, preexec_fn=lambda: os.closerange(0, 3)), 1)
        self.assertEqual(self.read('file'), '')

    def test_stdin_and_stderr_closed(self):
        done = subprocess.run([SETTINGS.sample, self.write_arguments({'path': self.path('file')})],
                              env=self.environment, stdout=subprocess.PIPE, check=False,
                              preexec_fn=lambda: (os.close(0), os.close(2)))
        self.assertTrue(self.one_object(done.stdout, done.returncode)['changed'])

    def test_stdout_full(self):
        with open('/dev/full', 'wb') as full:
            self.assertEqual(self.status(stdout=full), 1)

    def test_nobody_reads(self):
        reader, writer = os.pipe()
        os.close(reader)
        self.assertEqual(self.status(stdout=writer), 1)
        os.close(writer)

    def test_slow_reader_on_a_nonblocking_pipe(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        data = {'path': self.path('file'), 'content': 'x' * 300_000}
        process = subprocess.Popen([SETTINGS.sample, self.write_arguments(data)], stdout=writer,
                                   env=self.environment)
        os.close(writer)
        time.sleep(0.3)
        with os.fdopen(reader, 'rb') as file:
            output = file.read()
        self.assertEqual(self.one_object(output, process.wait())['content'], data['content'])

    def test_terminal_with_stderr_merged(self):
        master, slave = pty.openpty()
        process = subprocess.Popen([SETTINGS.sample, self.write_arguments(
            {'path': self.path('file'), 'trouble': 'print'})], stdout=slave, stderr=slave,
            env=self.environment)
        os.close(slave)
        output = b''
        while True:
            try:
                output += os.read(master, 65536)
            except OSError:
                break
        os.close(master)
        self.one_object(output.replace(b'\r', b''), process.wait())


class Signals(Base):
    def interrupt(self, *signals, secret='', **options):
        """Runs until the second action hangs, sends the signals, returns the answer."""
        process = subprocess.Popen(
            [SETTINGS.sample, self.write_arguments({'path': self.path('file'), 'trouble': 'wait', 'secret': secret})],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, **options)
        deadline = time.monotonic() + 20
        while not self.exists('file') and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.02)
        output, errors = process.communicate(timeout=20)
        self.assertEqual(errors, b'')
        return self.one_object(output, process.returncode)

    def test_each(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGSEGV,
                       signal.SIGBUS, signal.SIGFPE, signal.SIGABRT):
            with self.subTest(signal=number.name):
                result = self.fails(self.interrupt(number), number.name)
                self.assertIn('actions done: 1', result['msg'])
                self.assertEqual([action['path'] for action in result['actions_done']], [self.path('file')])
                self.assertEqual(result['actions'][:1], result['actions_done'])
                self.assertEqual(len(result['actions']), 2)
                self.assertTrue(result['changed'])
                os.unlink(self.path('file'))

    def test_secrets(self):
        result = self.fails(self.interrupt(signal.SIGTERM, secret=self.path('file')), 'SIGTERM')
        self.assertEqual([action['path'] for action in result['actions']],
                         ['VALUE_SPECIFIED_IN_NO_LOG_PARAMETER', '********.second'])
        self.assertNotIn(self.path('file'), json.dumps(result))

    def test_many_at_once(self):
        self.fails(self.interrupt(*[signal.SIGTERM, signal.SIGINT] * 3), 'SIG')

    def test_what_nohup_ignores(self):
        self.fails(self.interrupt(signal.SIGHUP, signal.SIGTERM, preexec_fn=lambda: signal.signal(
            signal.SIGHUP, signal.SIG_IGN)), 'SIGTERM')

    def test_broken_pipe_is_no_end(self):
        self.fails(self.interrupt(signal.SIGPIPE, signal.SIGTERM), 'SIGTERM')


class Memory(Base):
    GOOD = {'bool': ' Yes ', 'int': '1', 'float': '1_0.5', 'list': 'a,b', 'ints': ['1', 2.0],
            'map': "{'a': ('x' 'y', -1.5, 0x1F, None), 1: r'z', 'b': [True], 'l': {'m': \"\\x41\"}}",
            'path': '~/$HOME/x', 'raw': [True], 'jsonarg': {'a': [1.5, 'é🙂']}, 'bytes': '1.5M',
            'switch': 'False', 'leaf': 'key=v'}
    BAD = {'bool': 'perhaps', 'int': [], 'float': 'x', 'list': ['c'], 'ints': ['y'], 'dict': '{"a": ',
           'raw': 5, 'jsonarg': 7, 'bytes': '1X', 'bits': 'no', 'nonsense': 1, 'leaf': {'other': 2}}

    def arguments(self, types, **more):
        return {'path': self.path('file'), 'dest': self.path('file'), 'content': 'c', 'types': types,
                'secret': 's3cret', 'more': [{'mode': 'a'}, '{"mode": "b", "size": "7"}'],
                '_ansible_diff': True, **more}

    def allocations(self, data):
        self.environment.update(LD_PRELOAD=SETTINGS.failing_malloc, COUNT_FILE=self.path('count'))
        self.sample(data)
        self.remove_files()
        del self.environment['COUNT_FILE']
        return int(self.read('count'))

    def remove_files(self):
        for name in ('file', 'file.second'):
            if self.exists(name):
                os.unlink(self.path(name))

    def sweep(self, data, variable, step):
        for number in range(1, self.allocations(data) + 1, step):
            self.environment[variable] = str(number)
            with self.subTest(**{variable: number}):
                result = self.sample(data)
                if not result.get('failed') or 'memory' not in result['msg'].lower():
                    self.assertEqual(result, self.wanted)
            self.remove_files()
        del self.environment[variable]

    def sweep_each(self, variable, step):
        self.skip_without()
        for data in (self.arguments(self.GOOD), self.arguments(self.BAD),
                     self.arguments(self.BAD, _ansible_version='2.14.0'),
                     b'{"path": "/x", "types": {"list": [1, NaN]}}'):
            self.wanted = self.sample(data)
            self.remove_files()
            self.sweep(data, variable, step)

    def test_each_allocation_fails_once(self):
        self.sweep_each('FAIL_AT', 1)

    def test_each_allocation_and_all_after_it_fail(self):
        self.sweep_each('FAIL_FROM', 5)

    def skip_without(self):
        if not SETTINGS.failing_malloc:
            self.skipTest('AddressSanitizer brings its own malloc')

    def test_little_memory_is_enough(self):
        if not SETTINGS.failing_malloc:
            self.skipTest('AddressSanitizer needs much more memory')
        limit = 16 * 1024 * 1024
        done = subprocess.run([SETTINGS.sample, self.write_arguments({'path': self.path('file')})],
                              stdout=subprocess.PIPE, env=self.environment, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        self.assertTrue(self.one_object(done.stdout, done.returncode)['changed'])


def main():
    global SETTINGS  # pylint: disable=global-statement
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('sample', help='sample_module')
    parser.add_argument('others', nargs='*', help='modules that only read bad arguments')
    parser.add_argument('--failing-malloc', default='', help='to preload; none under AddressSanitizer')
    SETTINGS, rest = parser.parse_known_args()
    SETTINGS.programs = [SETTINGS.sample, *SETTINGS.others]
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == '__main__':
    main()
