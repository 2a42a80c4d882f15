#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample module as ansible itself runs and documents it, from a directory of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


class Site:
    """A directory with library/ as the repository has it; `ansible` runs there."""

    def __init__(self, folder, *modules):
        self.folder = folder
        library = os.path.join(folder, 'library')
        os.mkdir(library)
        for module in modules:
            shutil.copy(module, library)
            with open(os.path.join(library, os.path.basename(module) + '.yml'), 'wb') as file:
                file.write(subprocess.run([module, '--doc'], stdout=subprocess.PIPE, check=True).stdout)
        self.environment = {
            **os.environ, 'ANSIBLE_LIBRARY': library, 'ANSIBLE_LOCAL_TEMP': folder + '/local',
            'ANSIBLE_REMOTE_TEMP': folder + '/remote', 'ANSIBLE_NOCOLOR': '1',
            'ANSIBLE_PYTHON_INTERPRETER': sys.executable, 'ANSIBLE_DEPRECATION_WARNINGS': '0',
            'ANSIBLE_HOME': folder + '/home'}
        self.environment.pop('ANSIBLE_CONFIG', None)

    def run(self, *command, stdin='', **more):
        done = subprocess.run(command, cwd=self.folder, env={**self.environment, **more}, text=True, input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return done.stdout + done.stderr if done.returncode not in (0, 2) else done.stdout

    def module(self, arguments, *options, name='sample_module', **more):
        """The task's result."""
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        output = self.run('ansible', 'localhost', '-c', 'local', '-m', name,
                          *(['-a', text] if arguments else []), *options, **more)
        found = re.search(r'=> (\{.*\})', output, re.DOTALL)
        assert found, output
        return json.loads(found.group(1))


def check_documentation(site):
    shown = json.loads(site.run('ansible-doc', '-t', 'module', '-j', 'sample_module'))['sample_module']
    options = shown['doc']['options']
    assert sorted(options) == ['content', 'more', 'path', 'secret', 'trouble', 'types'], options
    assert options['path']['required'] is True and options['path']['aliases'] == ['dest'], options
    assert options['more']['suboptions']['size']['default'] == 5, options
    assert shown['doc']['attributes']['check_mode']['support'] == 'full', shown
    assert shown['examples'].startswith('- name: Write\n'), shown
    assert shown['return']['path']['type'] == 'str', shown
    text = site.run('ansible-doc', '-t', 'module', 'sample_module')
    assert 'Exists for tests: "quoted" too.' in text, text


def check_runs(site):
    path = os.path.join(site.folder, 'file')
    arguments = {'path': path, 'content': 'one', 'secret': 'hunter2'}
    checked = site.module(arguments, '--check')
    assert checked['changed'] is True and not os.path.exists(path), checked
    done = site.module(arguments)
    assert done['actions'] == checked['actions'] and os.path.exists(path), done
    assert 'hunter2' not in json.dumps(done), done
    again = site.module(f'path={path} content=one')
    assert again['changed'] is False, again
    assert site.module({'path': path, 'nonsense': 1})['msg'].startswith(
        'Unsupported parameters for (sample_module) module: nonsense.')
    for more in ({'ANSIBLE_KEEP_REMOTE_FILES': '1'}, {'ANSIBLE_PIPELINING': '1'}):
        assert site.module(arguments, **more)['changed'] is False, more


def check_async(site):
    path = os.path.join(site.folder, 'later')
    result = site.module({'path': path, 'content': 'x'}, '-B', '30', '-P', '1')
    assert result['changed'] is True and os.path.exists(path), result


def check_console(site):
    path = os.path.join(site.folder, 'console')
    output = site.run('ansible-console', '-c', 'local', '-i', 'localhost,', 'all',
                      stdin=f'sample_module path={path} content=x\n')
    assert '"changed": true' in output and os.path.exists(path), output


def check_become(site):
    """As a user who may read neither the caller's home nor the arguments of others."""
    if os.geteuid() != 0:
        print('check_become takes root')
        return
    os.chmod(site.folder, 0o755)
    folder = os.path.join(site.folder, 'of-nobody')
    os.mkdir(folder)
    shutil.chown(folder, 'nobody')
    arguments = {'path': os.path.join(folder, 'file'), 'content': 'x'}
    become = ('--become', '--become-method', 'su', '--become-user', 'nobody')
    flags = {'ANSIBLE_BECOME_FLAGS': '-s /bin/sh', 'ANSIBLE_REMOTE_TEMP': '/tmp', 'ANSIBLE_LOCAL_TEMP': '/tmp'}
    result = site.module(arguments, *become, **flags)
    assert result['changed'] is True and os.stat(arguments['path']).st_uid != 0, result
    arguments['path'] = os.path.join(site.folder, 'not-theirs')
    result = site.module(arguments, *become, **flags)
    assert 'Permission denied' in result['msg'], result


def main():
    if not shutil.which('ansible') or not shutil.which('ansible-doc'):
        print('skipped: no ansible on PATH')
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder, sys.argv[1])
        print(site.run('ansible', '--version').splitlines()[0])
        for check in (check_documentation, check_runs, check_async, check_console, check_become):
            check(site)
            print(check.__name__, 'passed')
    return 0


if __name__ == '__main__':
    sys.exit(main())
