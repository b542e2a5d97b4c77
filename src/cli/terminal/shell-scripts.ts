import { MAIN } from './launcher.ts';
import { COMPLETE, type Shell } from './shells.ts';

/** What a shell runs so that it completes commands of gradloom. */
export function completionScript(shell: Shell): string {
  return { bash, zsh, fish }[shell](`node ${quoted(MAIN)} ${COMPLETE}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** bash breaks words at `=` and `:`, and replaces what follows the last of them. */
function bash(command: string): string {
  return `# gradloom completion for bash: eval "$(gradloom completion bash)", in ~/.bashrc
_gradloom() {
  local line="\${COMP_LINE:0:COMP_POINT}" word files= candidate
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  word="\${words[\${#words[@]}-1]}"
  local cut=''
  [[ $COMP_WORDBREAKS == *=* && $word == *=* ]] && cut="\${word%"\${word##*=}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    if [[ $candidate == :files ]]; then files=1; else COMPREPLY+=("\${candidate#"$cut"}"); fi
  done < <(${command} "\${words[@]:1}" 2>/dev/null)
  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$word")
  fi
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[=.] ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _gradloom gradloom
`;
}

function zsh(command: string): string {
  return `#compdef gradloom
# gradloom completion for zsh: eval "$(gradloom completion zsh)", in ~/.zshrc after compinit
_gradloom() {
  local line files
  local -a open plain shown_open shown_plain
  for line in "\${(@f)$(${command} "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    local text="\${line%%$'\\t'*}" shown="\${line/$'\\t'/  -- }"
    if [[ -z $text ]]; then continue
    elif [[ $text == :files ]]; then files=1
    elif [[ $text == *[=.] ]]; then open+=("$text"); shown_open+=("$shown")
    else plain+=("$text"); shown_plain+=("$shown")
    fi
  done
  (( \${#open} )) && compadd -l -S '' -d shown_open -a open
  (( \${#plain} )) && compadd -l -d shown_plain -a plain
  [[ -n $files ]] && _files
  return 0
}
compdef _gradloom gradloom
`;
}

function fish(command: string): string {
  return `# gradloom completion for fish: gradloom completion fish | source, in ~/.config/fish/config.fish
function __gradloom_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (${command} $words[2..-1] 2>/dev/null)
    if test "$line" = ':files'
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c gradloom -f -a '(__gradloom_complete)'
`;
}
