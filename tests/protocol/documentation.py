#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""documentation.py MODULE...: what --doc prints is complete and is what ansible-doc shows, the examples are
tasks that ansible accepts, and what RETURN says is what a run returns."""

import json
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from documented import PYTHON, mismatches
from with_ansible import SKIPPED, Site

PROGRAMS = {os.path.basename(path): path for path in sys.argv[1:]}
TYPES = {'str', 'bool', 'int', 'float', 'list', 'dict', 'path', 'raw', 'jsonarg', 'bytes', 'bits'}


class Documentation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.site = Site(folder.name, *PROGRAMS.values())
        shown = cls.site.run('ansible-doc', '-t', 'module', '-j', *PROGRAMS)
        cls.shown = json.loads(shown)

    def path(self, name):
        return os.path.join(self.site.folder, name)

    def each(self):
        return self.shown.items()

    def check_options(self, options, place):
        for name, option in options.items():
            here = f'{place}.{name}'
            self.assertTrue(option['description'], here)
            self.assertIn(option['type'], TYPES, here)
            self.assertEqual(set(option) - {'description', 'type', 'elements', 'required', 'default', 'choices',
                                            'aliases', 'suboptions', 'version_added', 'version_added_collection'},
                             set(), here)
            if 'choices' in option and option.get('default') is not None and option['type'] != 'list':
                self.assertIn(option['default'], option['choices'], here)
            self.assertFalse(option.get('required') and 'default' in option, here)
            self.check_options(option.get('suboptions') or {}, here)

    def test_description_and_attributes(self):
        for name, shown in self.each():
            doc = shown['doc']
            for key in ('module', 'short_description', 'description', 'version_added', 'author'):
                self.assertTrue(doc[key], key)
            self.assertEqual(doc['module'], name)
            self.assertFalse(doc['short_description'].endswith('.'))
            for author in doc['author']:
                self.assertRegex(author, r'\((@[\w-]+|!UNKNOWN)\)$')
            for attribute in ('check_mode', 'diff_mode', 'platform'):
                self.assertTrue(doc['attributes'][attribute]['description'])
                self.assertIn(doc['attributes'][attribute]['support'], ('full', 'partial', 'none'))
            self.assertTrue(doc['attributes']['platform']['platforms'])

    def test_options(self):
        for name, shown in self.each():
            self.check_options(shown['doc']['options'], name)

    def check_returns(self, documented, place):
        for name, entry in documented.items():
            self.assertTrue(entry['description'], f'{place}.{name}')
            self.assertIn(entry['type'], PYTHON, f'{place}.{name}')
            self.check_returns(entry.get('contains') or {}, f'{place}.{name}')

    def test_return_section(self):
        for name, shown in self.each():
            self.check_returns(shown['return'], name)
            for key, entry in shown['return'].items():
                self.assertTrue(entry['returned'], f'{name}.{key}')

    def test_text(self):
        for name, shown in self.each():
            text = self.site.run('ansible-doc', '-t', 'module', name)
            self.assertIn(name.upper(), text.upper())
            for option in shown['doc']['options']:
                self.assertRegex(text, rf'(?m)^[-=] {option}\b')

    def test_examples_are_tasks(self):
        for name, shown in self.each():
            indented = ''.join('    ' + line for line in shown['examples'].splitlines(True))
            with open(self.path('play.yml'), 'w', encoding='utf-8') as file:
                file.write('- hosts: localhost\n  gather_facts: false\n  tasks:\n' + indented)
            output = self.site.run('ansible-playbook', '--syntax-check', self.path('play.yml'))
            self.assertIn('playbook: ', output)

    def check_result(self, module, arguments, *options):
        result = self.site.module(arguments, *options, name=module)
        self.assertFalse(result.get('failed'), result)
        self.assertEqual(mismatches(self.shown[module]['return'], result), [])

    def test_results(self):
        sample = {'path': self.path('file'), 'content': 'x'}
        Path(self.path('hosts')).write_text('127.0.0.1 localhost\n')
        entry = {'path': self.path('hosts'), 'address': '192.0.2.7', 'names': ['a']}
        role = {'role': 'wkr', 'config_file': self.path('role.yaml')}
        shown = {'cluster': False, 'config_file': self.path('role.yaml')}
        for module, arguments in (('sample_module', sample), ('hosts_entry', entry), ('storage_tier_info', {}),
                                  ('k3s_role', role), ('k3s_role_info', shown)):
            if module not in PROGRAMS:
                continue
            for options in (['--check'], [], []):
                with self.subTest(module=module, options=options):
                    self.check_result(module, arguments, *options)


if __name__ == '__main__':
    if not shutil.which('ansible') or not shutil.which('ansible-doc'):
        print('skipped: no ansible on PATH')
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
